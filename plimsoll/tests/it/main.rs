//! Black-box tests of the binary, over real servers, real data and the wire as clients see it.

#[cfg(test)]
mod asked;
#[cfg(test)]
mod columns;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod data;
#[cfg(test)]
mod history;
#[cfg(test)]
mod import;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod up;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod verify;

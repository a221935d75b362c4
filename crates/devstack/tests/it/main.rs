//! The stack against real servers and real processes: what must hold for every test and every `up` that stands on it.

#[cfg(test)]
mod life;
#[cfg(test)]
mod owner;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod support;

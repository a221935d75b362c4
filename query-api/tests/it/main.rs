//! The query side against real servers: rows are written through the store and told over the
//! feed as a projector does it, and read over HTTP and WebSocket as a browser does it.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod client;
#[cfg(test)]
mod dev_token;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod http;
#[cfg(test)]
mod live;
#[cfg(test)]
mod long_poll;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod scopes;
#[cfg(test)]
mod site;
#[cfg(test)]
mod writer;

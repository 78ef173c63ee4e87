//! The REST service over the plain reference store: in-process, and over sockets where the connection matters.

#[cfg(test)]
mod claims;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod cors;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod differences;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod flavors;
#[cfg(test)]
mod form;
#[cfg(test)]
mod healthcheck;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod ids;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod names;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod pools;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod queues;
#[cfg(test)]
mod separation;
#[cfg(test)]
mod service;
mod share;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod subscriptions;
#[cfg(test)]
mod topics;
#[cfg(test)]
mod walk;

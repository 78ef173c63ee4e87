//! The REST service over the plain reference store: in-process, and over sockets where the connection matters.

#[cfg(test)]
mod claims;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod flavors;
#[cfg(test)]
mod form;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod pools;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod queues;
#[cfg(test)]
mod service;
mod share;
#[cfg(test)]
mod subscriptions;
#[cfg(test)]
mod topics;

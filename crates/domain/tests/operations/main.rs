//! The operations of the domain over the plain reference store.

#[cfg(test)]
mod abandoned;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod confirmations;
#[cfg(test)]
mod dead_letters;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod flavors;
#[cfg(test)]
mod health;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod live_subscriptions;
#[cfg(test)]
mod lost_answers;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod pipelines;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod pools;
#[cfg(test)]
mod queues;
#[cfg(test)]
mod subscriptions;
#[cfg(test)]
mod topics;

//! What a message store can do, and its health.

/// What a store can do. The first five are upstream's, by which a flavor's pools are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Messages come in the order of posting.
    pub fifo: bool,
    pub claims: bool,
    /// What was acknowledged survives a power cut.
    pub durability: bool,
    /// Every message is delivered at least once.
    pub at_least_once: bool,
    pub high_throughput: bool,
    /// Several servers can use the same store at the same time.
    pub shared: bool,
}

/// How a message store fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub reachable: bool,
    /// Messages over all projects, where the store can tell at no great cost; exact for a few, an estimate for many.
    pub volume: Option<Volume>,
}

/// Messages over all projects and queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    pub claimed: u64,
    pub free: u64,
}

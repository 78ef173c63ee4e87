//! Listings, a page at a time.

/// Which part of a listing is asked for: what comes behind `marker`, at most `limit` items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<M> {
    pub marker: Option<M>,
    pub limit: usize,
}

/// A part of a listing, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, M> {
    pub items: Vec<T>,
    /// The marker of the last item, for the next request; `None` when there are no items.
    pub next: Option<M>,
}

impl<T, M> Page<T, M> {
    pub const fn empty() -> Self {
        Self { items: Vec::new(), next: None }
    }
}

//! The choice of a pool for a queue.

use zaqar_model::{DestinationNumber, Pool};

/// Chooses one of the pools, each as likely as its weight is in proportion to the others'. The die is the queue's
/// number: it was drawn at random, and it lets every server choose the same pool. `None`: none takes queues.
pub(crate) fn choose(queue: DestinationNumber, pools: &[Pool]) -> Option<&Pool> {
    let total: u64 = pools.iter().map(|pool| u64::from(pool.weight.0)).sum();
    let mut rest = queue.get().checked_rem(total)?;
    pools.iter().find(|pool| {
        let weight = u64::from(pool.weight.0);
        let is_it = rest < weight;
        rest = rest.saturating_sub(weight);
        is_it
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use zaqar_model::{DestinationNumber, Metadata, Pool, PoolName, PoolWeight};

    use super::choose;

    fn pools(weights: &[u32]) -> Vec<Pool> {
        let pool = |(at, weight): (usize, &u32)| Pool {
            name: PoolName::new(&format!("p{at}")).unwrap(),
            uri: format!("model://{at}"),
            weight: PoolWeight(*weight),
            flavor: None,
            options: Metadata::default(),
        };
        weights.iter().enumerate().map(pool).collect()
    }

    fn chosen(weights: &[u32]) -> BTreeMap<String, u64> {
        let pools = pools(weights);
        let mut times = BTreeMap::new();
        for number in 0..1200 {
            let pool = choose(DestinationNumber::new(number), &pools).unwrap();
            *times.entry(pool.name.to_string()).or_default() += 1;
        }
        times
    }

    #[test]
    fn pools_are_chosen_in_proportion_to_their_weights() {
        let expected = [("p0", 200), ("p1", 600), ("p2", 400)];
        assert_eq!(chosen(&[1, 3, 2]), expected.map(|(name, times)| (name.to_owned(), times)).into());
    }

    #[test]
    fn a_pool_of_weight_0_is_never_chosen() {
        assert_eq!(chosen(&[0, 5, 0]), BTreeMap::from([("p1".to_owned(), 1200)]));
        assert!(choose(DestinationNumber::new(7), &pools(&[0, 0])).is_none());
        assert!(choose(DestinationNumber::new(7), &[]).is_none());
    }

    #[test]
    fn the_heaviest_weights_do_not_overflow() {
        let pools = pools(&[u32::MAX; 3]);
        assert!(choose(DestinationNumber::new(u64::MAX), &pools).is_some());
    }
}

//! Looks at the same thing in both, and compares.

use std::collections::BTreeSet;

use zaqar_model::{ClaimId, Destination, Message, PageRequest, StoredMessage};
use zaqar_storage::{Claims, DeadLetters, ListedMessage, MessageStore, Messages};

use super::ledger::settled;
use super::pair::{Pair, answers};
use super::{Disagreement, agree};
use crate::bench::everything;

/// More than any queue of a sequence holds.
const ALL: usize = 10_000;

pub(super) async fn listing(pair: &Pair, queue: usize) -> Result<(), Disagreement> {
    let (at, now) = (&pair.queues[queue], pair.now());
    let model: &dyn MessageStore = &pair.model;
    let expected = model.list_full_page(at, &everything(), now).await;
    let listed = answers(expected, pair.store.list_full_page(at, &everything(), now).await)?;
    let messages = |page: Vec<ListedMessage>| page.into_iter().map(|own| own.message).collect();
    listed
        .map_or(Ok(()), |(model, store)| pair.messages_agree("everything", messages(model), messages(store)))
}

pub(super) async fn stats(pair: &Pair, queue: usize) -> Result<(), Disagreement> {
    let (at, now) = (&pair.queues[queue], pair.now());
    let model = pair.model.stats(at, now).await;
    let Some((model, store)) = answers(model, pair.store.stats(at, now).await)? else { return Ok(()) };
    agree("claimed and free", (model.claimed, model.free), (store.claimed, store.free))?;
    for (what, model, store) in
        [("the oldest", model.oldest, store.oldest), ("the newest", model.newest, store.newest)]
    {
        let model = model.map(|(id, created)| (pair.ledger.model_number(id), created));
        let store = store.map(|(id, created)| (pair.ledger.store_number(id), created));
        agree(what, model, store)?;
    }
    Ok(())
}

/// The exhausted messages of the model and of the store, which agree, both by the order of their posting.
pub(super) async fn dead_letters(
    pair: &Pair,
    queue: usize,
) -> Result<(Vec<StoredMessage>, Vec<StoredMessage>), Disagreement> {
    let (at, now) = (&pair.queues[queue], pair.now());
    let model = pair.model.dead_letters(at, ALL, now).await;
    let Some((mut model, mut store)) = answers(model, pair.store.dead_letters(at, ALL, now).await)? else {
        return Ok((vec![], vec![]));
    };
    model.sort_by_key(|stored| pair.ledger.model_number(stored.message.id));
    store.sort_by_key(|stored| pair.ledger.store_number(stored.message.id));
    let number = |message| pair.ledger.of_model(message);
    let of_model: Vec<_> = model.iter().map(|own| numbered(own, number)).collect();
    let number = |message| pair.ledger.of_store(message);
    let of_store: Vec<_> = store.iter().map(|own| numbered(own, number)).collect();
    agree("exhausted", of_model, of_store)?;
    Ok((model, store))
}

fn numbered(stored: &StoredMessage, number: impl Fn(Message) -> Message) -> StoredMessage {
    settled(StoredMessage { message: number(stored.message.clone()), ..stored.clone() })
}

pub(super) async fn get_claim(pair: &Pair, queue: usize, id: ClaimId) -> Result<(), Disagreement> {
    let (at, now) = (&pair.queues[queue], pair.now());
    let model = pair.model.get_claim(at, id, now).await;
    match answers(model, pair.store.get_claim(at, id, now).await)? {
        Some((Some(model), Some(store))) => {
            let terms = (model.id, model.ttl, model.renewed);
            agree("the claim", terms, (store.id, store.ttl, store.renewed))?;
            pair.messages_agree("held", model.messages, store.messages)
        }
        Some((model, store)) => agree("the claim", model, store),
        None => Ok(()),
    }
}

pub(super) async fn compare_queue(pair: &Pair, queue: usize) -> Result<(), Disagreement> {
    listing(pair, queue).await?;
    stats(pair, queue).await?;
    dead_letters(pair, queue).await.map(|_| ())
}

/// Everything that can be seen, before and after a last restart.
pub(super) async fn compare_everything(pair: &mut Pair) -> Result<(), Disagreement> {
    for when in ["at the end", "after a last restart"] {
        let outcome = compare_all_queues(pair).await;
        outcome.map_err(|Disagreement(what)| Disagreement(format!("{when}, {what}")))?;
        pair.reopen().await;
    }
    Ok(())
}

async fn compare_all_queues(pair: &Pair) -> Result<(), Disagreement> {
    let mut waiting = BTreeSet::new();
    for queue in 0..pair.queues.len() {
        compare_queue(pair, queue).await?;
        if !dead_letters(pair, queue).await?.0.is_empty() {
            waiting.insert(pair.queues[queue].clone());
        }
        for (_, claim) in &pair.claims {
            get_claim(pair, queue, *claim).await?;
        }
    }
    let page = PageRequest { marker: None, limit: ALL };
    let found = pair.store.with_dead_letters(&page).await;
    let found: BTreeSet<Destination> =
        found.map_err(|error| Disagreement(format!("{error:?}")))?.items.into_iter().collect();
    // One whose exhausted messages have expired may still be among them.
    if found.is_superset(&waiting) && found.is_subset(&pair.ever_dead_lettered) {
        return Ok(());
    }
    Err(Disagreement(format!("with dead letters: {waiting:?}, but the store finds {found:?}")))
}

//! Does one step on both, and compares the answers.

use bytes::Bytes;
use zaqar_model::{
    Body, ClaimId, ClientId, DelaySeconds, JsonText, Marker, Message, MessageId, NewMessage, StoredMessage,
    TtlSeconds,
};
use zaqar_storage::{
    Adoption, ClaimRequest, Claims, DeadLetterPolicy, DeadLetters, Guard, ListStart, ListedMessage,
    MessageQuery, MessageStore, Messages, Post, StorageError,
};

use super::compare::{compare_queue, dead_letters, get_claim, stats};
use super::ledger::Number;
use super::pair::{Pair, answers};
use super::steps::{Draft, Show, Step};
use super::{Disagreement, agree};
use crate::bench::everything;
use crate::samples::{fresh_batch_id, fresh_claim_id, messages, other_client, pop_of, poster, terms};

/// One step, and a look at everything that it left.
pub(super) async fn perform(pair: &mut Pair, step: &Step) -> Result<(), Disagreement> {
    answer(pair, step).await?;
    for queue in 0..pair.queues.len() {
        let seen = compare_queue(pair, queue).await;
        seen.map_err(|Disagreement(what)| Disagreement(format!("afterwards in queue {queue}, {what}")))?;
    }
    Ok(())
}

async fn answer(pair: &mut Pair, step: &Step) -> Result<(), Disagreement> {
    match step {
        Step::Post { queue, client, messages } => post(pair, *queue, *client, messages).await,
        Step::List { queue, from, limit, show } => list(pair, *queue, *from, *limit, show).await,
        Step::Get { queue, messages } => get(pair, *queue, messages).await,
        Step::Claim { queue, limit, ttl, grace, max_claim_count } => {
            let request = ClaimRequest {
                id: fresh_claim_id(),
                terms: terms(*ttl, *grace),
                limit: *limit,
                dead_letters: max_claim_count.map(|max_claim_count| DeadLetterPolicy { max_claim_count }),
                outlives: true,
                is_repeated: false,
            };
            claim(pair, *queue, &request).await
        }
        Step::GetClaim { queue, claim } => {
            let Some(id) = picked_claim(pair, *queue, *claim) else { return Ok(()) };
            get_claim(pair, *queue, id).await
        }
        Step::Renew { queue, claim, ttl, grace } => {
            let Some(id) = picked_claim(pair, *queue, *claim) else { return Ok(()) };
            let (at, now, terms) = (&pair.queues[*queue], pair.now(), terms(*ttl, *grace));
            let model = pair.model.renew(at, id, terms, now).await;
            let renewed = answers(model, pair.store.renew(at, id, terms, now).await)?;
            renewed.map_or(Ok(()), |(model, store)| agree("whether there was a claim", model, store))?;
            get_claim(pair, *queue, id).await
        }
        Step::Release { queue, claim } => {
            let Some(id) = picked_claim(pair, *queue, *claim) else { return Ok(()) };
            let (at, now) = (&pair.queues[*queue], pair.now());
            let model = pair.model.release(at, id, now).await;
            answers(model, pair.store.release(at, id, now).await)?;
            get_claim(pair, *queue, id).await
        }
        Step::Delete { queue, message, claim } => delete(pair, *queue, *message, *claim).await,
        Step::DeleteMany { queue, messages, claims } => {
            delete_many(pair, *queue, messages, claims.as_deref()).await
        }
        Step::Pop { queue, limit } => {
            let (at, now) = (&pair.queues[*queue], pair.now());
            let pop = pop_of(*limit);
            let model = pair.model.pop(at, &pop, now).await;
            let popped = answers(model, pair.store.pop(at, &pop, now).await)?;
            popped.map_or(Ok(()), |(model, store)| pair.messages_agree("popped", model, store))
        }
        Step::Stats { queue } => stats(pair, *queue).await,
        Step::Purge { queue } => {
            let (at, now) = (&pair.queues[*queue], pair.now());
            let model = pair.model.purge(at, now).await;
            answers(model, pair.store.purge(at, now).await)?;
            Ok(())
        }
        Step::Drop { queue } => drop_queue(pair, *queue).await,
        Step::DeadLetter { from, to, broken_off } => dead_letter(pair, *from, *to, *broken_off).await,
        Step::Discard { queue } => {
            let (model, store) = dead_letters(pair, *queue).await?;
            discard(pair, *queue, &model, &store).await
        }
        Step::SetAside { queue } => set_aside(pair, *queue).await,
        Step::Advance { millis } => {
            pair.clock.advance_millis(*millis);
            Ok(())
        }
        Step::AdvanceTo { queue, nth, early } => {
            let now = pair.now();
            let moments = pair.model.moments(&pair.queues[*queue], now);
            if let Some(moment) = moments.get(*nth).or(moments.last()) {
                pair.clock.advance_millis(moment.as_millis() - now.as_millis() - u64::from(*early));
            }
            Ok(())
        }
        Step::Expire => {
            let now = pair.now();
            let model = pair.model.expire(now).await;
            answers(model, pair.store.expire(now).await)?;
            Ok(())
        }
        Step::Reopen => {
            pair.reopen().await;
            Ok(())
        }
    }
}

fn client(number: u8) -> ClientId {
    if number == 0 { poster() } else { other_client() }
}

/// A JSON string of this size that tells its message from the others.
fn body(number: usize, size: usize) -> Body {
    let text = format!("\"{number}:{}\"", "x".repeat(size));
    JsonText::parse(Bytes::from(text)).unwrap().into()
}

/// A late claim of this queue, or, one time out of eight, of any.
fn picked_claim(pair: &Pair, queue: usize, choice: usize) -> Option<ClaimId> {
    let known = pair.claims.iter().rev().filter(|(of, _)| *of == queue || choice.is_multiple_of(8));
    let recent: Vec<ClaimId> = known.map(|(_, id)| *id).take(4).collect();
    recent.get((choice / 8) % recent.len().max(1)).copied()
}

/// Three times out of four a message that is in the queue now, and then, if a claim is given, rather one that it
/// holds; otherwise any that ever was.
async fn picked_message(pair: &Pair, queue: usize, choice: usize, claim: Option<ClaimId>) -> Option<Number> {
    if choice.is_multiple_of(4) {
        return pair.ledger.pick(queue, choice / 4);
    }
    let model: &dyn MessageStore = &pair.model;
    let visible = model.list_full_page(&pair.queues[queue], &everything(), pair.now()).await.ok()?;
    let visible: Vec<Message> = visible.into_iter().map(|listed| listed.message).collect();
    let held = |message: &&Message| choice % 4 == 1 || claim.is_none() || message.claim == claim;
    let candidates: Vec<MessageId> = visible.iter().filter(held).map(|message| message.id).collect();
    let id = candidates.get((choice / 4) % candidates.len().max(1))?;
    pair.ledger.model_number(*id)
}

/// The ids of these messages in the model and in the store, each once.
async fn picked_messages(
    pair: &Pair,
    queue: usize,
    choices: &[usize],
    claim: Option<ClaimId>,
) -> (Vec<MessageId>, Vec<MessageId>) {
    let mut numbers: Vec<Number> = Vec::new();
    for choice in choices {
        let number = picked_message(pair, queue, *choice, claim).await;
        numbers.extend(number.filter(|number| !numbers.contains(number)).into_iter().collect::<Vec<_>>());
    }
    numbers.iter().map(|number| (pair.ledger.model_id(*number), pair.ledger.store_id(*number))).unzip()
}

async fn post(pair: &mut Pair, queue: usize, by: u8, drafts: &[Draft]) -> Result<(), Disagreement> {
    let new: Vec<_> = drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| NewMessage {
            ttl: TtlSeconds::new(draft.ttl),
            delay: DelaySeconds::new(draft.delay),
            body: body(at, draft.size),
            checksum: draft.checksum.then(|| format!("MD5:{at:032x}")),
        })
        .collect();
    let (to, now) = (&pair.queues[queue], pair.now());
    let post = Post { batch: fresh_batch_id(), client: &client(by), messages: &new };
    let model = pair.model.post(to, &post, now).await;
    let store = pair.store.post(to, &post, now).await;
    let Some((model, store)) = answers(model, store)? else { return Ok(()) };
    agree("how many ids", model.len(), store.len())?;
    if pair.ledger.posted(queue, &model, &store) {
        return Ok(());
    }
    Err(Disagreement("an id came twice".to_owned()))
}

async fn list(
    pair: &mut Pair,
    queue: usize,
    from: Option<usize>,
    limit: usize,
    show: &Show,
) -> Result<(), Disagreement> {
    let (at, now) = (pair.queues[queue].clone(), pair.now());
    let here: Vec<_> = pair.markers.iter().rev().filter(|(queue, _, _)| *queue == at).collect();
    let from = from
        .and_then(|choice| here.get(choice % here.len().max(1)).map(|(_, model, store)| (*model, *store)));
    let query = |marker: Option<Marker>| MessageQuery {
        start: marker.map_or(ListStart::Start, ListStart::Behind),
        limit,
        max_bytes: usize::MAX,
        without_client: show.without_client.map(client),
        include_claimed: show.claimed,
        include_delayed: show.delayed,
    };
    let model: &dyn MessageStore = &pair.model;
    let model = model.list_full_page(&at, &query(from.map(|(model, _)| model)), now).await;
    let store = pair.store.list_full_page(&at, &query(from.map(|(_, store)| store)), now).await;
    let Some((model, store)) = answers(model, store)? else { return Ok(()) };
    if let (Some(model), Some(store)) = (model.last(), store.last()) {
        pair.markers.push((at, model.position, store.position));
    }
    let delays = |page: &[ListedMessage]| -> Vec<_> { page.iter().map(|own| own.delayed_until).collect() };
    agree("when they come within reach", delays(&model), delays(&store))?;
    let messages = |page: Vec<ListedMessage>| page.into_iter().map(|own| own.message).collect();
    pair.messages_agree("listed", messages(model), messages(store))
}

async fn get(pair: &Pair, queue: usize, choices: &[usize]) -> Result<(), Disagreement> {
    let (model_ids, store_ids) = picked_messages(pair, queue, choices, None).await;
    let (at, now) = (&pair.queues[queue], pair.now());
    let model = pair.model.get(at, &model_ids, now).await;
    let found = answers(model, pair.store.get(at, &store_ids, now).await)?;
    found.map_or(Ok(()), |(model, store)| pair.messages_agree("found", model, store))
}

async fn claim(pair: &mut Pair, queue: usize, request: &ClaimRequest) -> Result<(), Disagreement> {
    let (at, now) = (pair.queues[queue].clone(), pair.now());
    let model = pair.model.claim(&at, request, now).await;
    let Some((model, store)) = answers(model, pair.store.claim(&at, request, now).await)? else {
        return Ok(());
    };
    pair.claims.push((queue, request.id));
    if !model.dead_letters.is_empty() {
        pair.ever_dead_lettered.insert(at);
    }
    agree("how many became dead letters", model.dead_letters.len(), store.dead_letters.len())?;
    pair.messages_agree("claimed", model.messages, store.messages)
}

async fn delete(pair: &Pair, queue: usize, message: usize, claim: Option<usize>) -> Result<(), Disagreement> {
    let claim = claim.and_then(|choice| picked_claim(pair, queue, choice));
    let Some(number) = picked_message(pair, queue, message, claim).await else { return Ok(()) };
    let (at, now) = (&pair.queues[queue], pair.now());
    let held = claim.as_slice();
    let guard = if claim.is_some() { Guard::HeldBy(held) } else { Guard::Unclaimed };
    let model = pair.model.delete(at, &[pair.ledger.model_id(number)], guard, now).await;
    let store = pair.store.delete(at, &[pair.ledger.store_id(number)], guard, now).await;
    answers(model, store)?.map_or(Ok(()), |(model, store)| agree("the deletion", model, store))
}

async fn delete_many(
    pair: &Pair,
    queue: usize,
    choices: &[usize],
    claims: Option<&[usize]>,
) -> Result<(), Disagreement> {
    let claims: Option<Vec<ClaimId>> = claims
        .map(|choices| choices.iter().filter_map(|choice| picked_claim(pair, queue, *choice)).collect())
        .filter(|claims: &Vec<ClaimId>| !claims.is_empty());
    let first = claims.as_ref().and_then(|claims| claims.first().copied());
    let (model_ids, store_ids) = picked_messages(pair, queue, choices, first).await;
    let (at, now) = (&pair.queues[queue], pair.now());
    let guard = claims.as_deref().map_or(Guard::Any, Guard::HeldBy);
    let model = pair.model.delete(at, &model_ids, guard, now).await;
    let store = pair.store.delete(at, &store_ids, guard, now).await;
    answers(model, store)?.map_or(Ok(()), |(model, store)| agree("the deletion", model, store))
}

async fn set_aside(pair: &mut Pair, queue: usize) -> Result<(), Disagreement> {
    let (at, now) = (pair.queues[queue].clone(), pair.now());
    let policy = Some(DeadLetterPolicy { max_claim_count: 2 });
    let model = pair.model.set_aside(&at, policy, now).await;
    let Some((model, store)) = answers(model, pair.store.set_aside(&at, policy, now).await)? else {
        return Ok(());
    };
    if !model.is_empty() {
        pair.ever_dead_lettered.insert(at);
    }
    let model: Vec<_> = model.into_iter().map(|id| pair.ledger.model_number(id)).collect();
    let store: Vec<_> = store.into_iter().map(|id| pair.ledger.store_number(id)).collect();
    agree("what was set aside", model, store)
}

async fn drop_queue(pair: &mut Pair, queue: usize) -> Result<(), Disagreement> {
    let (at, now) = (&pair.queues[queue], pair.now());
    answers(pair.model.drop_destination(at, now).await, pair.store.drop_destination(at, now).await)?;
    let (batch, client, messages) = (fresh_batch_id(), &poster(), &messages(1));
    let late = pair.store.post(at, &Post { batch, client, messages }, now).await;
    if !matches!(late, Err(StorageError::NotFound(_))) {
        return Err(Disagreement(format!("a post to the dropped queue answers {late:?}")));
    }
    compare_queue(pair, queue).await?;
    pair.replace(queue);
    Ok(())
}

fn ids_of(stored: &[StoredMessage]) -> Vec<MessageId> {
    stored.iter().map(|stored| stored.message.id).collect()
}

async fn discard(
    pair: &Pair,
    queue: usize,
    model: &[StoredMessage],
    store: &[StoredMessage],
) -> Result<(), Disagreement> {
    let at = &pair.queues[queue];
    let discarded = pair.model.discard_dead_letters(at, &ids_of(model)).await;
    answers(discarded, pair.store.discard_dead_letters(at, &ids_of(store)).await)?;
    Ok(())
}

/// Moves what is exhausted to another queue. Broken off, the adoption is made, and again after a restart.
async fn dead_letter(pair: &mut Pair, from: usize, to: usize, broken_off: bool) -> Result<(), Disagreement> {
    let (model, store) = dead_letters(pair, from).await?;
    if model.is_empty() {
        return Ok(());
    }
    for (at, stored) in model.iter().enumerate() {
        let number = pair.ledger.model_number(stored.message.id).expect("the model's messages are known");
        pair.ledger.moved(to, number);
        if broken_off && at % 2 == 0 {
            adopt(pair, to, &model[..=at], &store[..=at]).await?;
        }
    }
    if broken_off {
        pair.reopen().await;
        dead_letters(pair, from).await?;
    }
    if broken_off {
        adopt(pair, to, &model, &store).await?;
        return discard(pair, from, &model, &store).await;
    }
    let (from, to, now) = (&pair.queues[from], &pair.queues[to], pair.now());
    let moved = pair.model.move_dead_letters(from, to, &model, now).await;
    answers(moved, pair.store.move_dead_letters(from, to, &store, now).await)?;
    Ok(())
}

async fn adopt(
    pair: &Pair,
    to: usize,
    model: &[StoredMessage],
    store: &[StoredMessage],
) -> Result<(), Disagreement> {
    let (to, now) = (&pair.queues[to], pair.now());
    let adopted = pair.model.adopt(to, model, Adoption::Arrival, now).await;
    answers(adopted, pair.store.adopt(to, store, Adoption::Arrival, now).await)?;
    Ok(())
}

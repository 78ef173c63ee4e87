//! Messages that come from another queue or store.

use zaqar_model::{Message, MessageId, StoredMessage, TtlSeconds};
use zaqar_storage::{Adoption, Deletion, ListStart, MessageQuery, StorageError};

use crate::bench::{MessageBench, everything, ids, plain};
use crate::samples::{fresh_claim_id, fresh_message_id, json, other_client, poster};

/// A message that was posted a moment ago, somewhere else, and lives for a minute from now.
fn wanderer(bench: &MessageBench) -> StoredMessage {
    StoredMessage {
        message: Message {
            id: fresh_message_id(),
            ttl: TtlSeconds::new(70),
            created: bench.now(),
            body: json(r#"{"from": "afar"}"#),
            checksum: Some("MD5:ff".to_owned()),
            claim: None,
            claim_count: 3,
        },
        client: poster(),
        expires: bench.now().plus_secs(60),
        delayed_until: bench.now(),
        is_letter: false,
    }
}

fn wanderers(bench: &MessageBench, count: usize) -> (Vec<StoredMessage>, Vec<MessageId>) {
    let stored: Vec<_> = (0..count).map(|_| wanderer(bench)).collect();
    let ids = stored.iter().map(|stored| stored.message.id).collect();
    (stored, ids)
}

/// An adopted message comes as it was: id, body, checksum, time of posting, time to live and claim count.
pub async fn adopted_message_comes_as_it_was(bench: &MessageBench) {
    let queue = bench.queue();
    let stored = wanderer(bench);
    bench.advance_secs(10);
    queue.adopt(vec![stored.clone()]).await;
    assert_eq!(queue.get_one(stored.message.id).await, Some(stored.message.clone()));
    assert_eq!(queue.list(&plain()).await.items, vec![stored.message]);
}

/// Adopted messages stand behind those that are here, in their order, and before those that are posted later.
pub async fn adopted_messages_stand_behind_the_others(bench: &MessageBench) {
    let queue = bench.queue();
    let (stored, adopted) = wanderers(bench, 3);
    bench.advance_secs(10);
    let earlier = queue.fill(2).await;
    queue.adopt(stored).await;
    let later = queue.fill(2).await;
    let start = ListStart::BehindMessage(adopted[1]);
    let behind = MessageQuery { start, limit: 2, ..everything() };
    assert_eq!(ids(&queue.list(&behind).await.items), [adopted[2], later[0]]);
    let all = [earlier, adopted, later].concat();
    assert_eq!(queue.all().await, all);
    assert_eq!(queue.pop(10).await, all);
}

/// Adopting again passes over what is here already.
pub async fn adopting_twice_doubles_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let (stored, adopted) = wanderers(bench, 3);
    queue.adopt(stored[..2].to_vec()).await;
    let later = queue.fill(1).await;
    queue.adopt(stored).await;
    assert_eq!(queue.all().await, [adopted[0], adopted[1], later[0], adopted[2]]);
    assert_eq!(queue.stats().await.total(), 4);
}

/// One adoption that brings a message twice takes it once.
pub async fn a_message_brought_twice_is_taken_once(bench: &MessageBench) {
    let queue = bench.queue();
    let stored = wanderer(bench);
    queue.adopt(vec![stored.clone(), stored.clone()]).await;
    assert_eq!(queue.all().await, [stored.message.id]);
}

/// A message that was taken out of a queue can be put back, under its old id and behind the others.
pub async fn a_popped_message_can_be_adopted_again(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(2).await;
    let popped = queue.pop_messages(1).await;
    let stored = popped.iter().map(|message| StoredMessage {
        message: message.clone(),
        client: poster(),
        expires: message.ttl.after(message.created),
        delayed_until: message.created,
        is_letter: false,
    });
    queue.adopt(stored.collect()).await;
    assert_eq!(queue.all().await, [posted[1], posted[0]]);
    assert_eq!(queue.get_one(posted[0]).await, Some(popped[0].clone()));
}

/// Of concurrent adoptions of the same messages, each message is taken once.
pub async fn concurrent_adoptions_double_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    let (stored, mut adopted) = wanderers(bench, 10);
    let adopting: Vec<_> = (0..6)
        .map(|_| {
            let (queue, stored) = (queue.clone(), stored.clone());
            tokio::spawn(async move { queue.adopt(stored).await })
        })
        .collect();
    for adoption in adopting {
        adoption.await.unwrap();
    }
    let mut all = queue.all().await;
    all.sort_unstable();
    adopted.sort_unstable();
    assert_eq!(all, adopted);
}

/// An adopted message expires when it would have expired where it came from.
pub async fn adopted_message_keeps_its_expiry(bench: &MessageBench) {
    let queue = bench.queue();
    let stored = wanderer(bench);
    bench.advance_secs(30);
    queue.adopt(vec![stored.clone()]).await;
    bench.advance_millis(29_999);
    assert_eq!(queue.all().await, [stored.message.id]);
    bench.advance_millis(1);
    assert_eq!(queue.all().await, vec![]);
}

/// An adopted message keeps its delay.
pub async fn adopted_message_keeps_its_delay(bench: &MessageBench) {
    let queue = bench.queue();
    let mut stored = wanderer(bench);
    stored.delayed_until = bench.now().plus_secs(20);
    let id = stored.message.id;
    queue.adopt(vec![stored]).await;
    bench.advance_millis(19_999);
    assert_eq!(queue.listed().await, vec![]);
    assert_eq!(queue.all().await, [id]);
    bench.advance_millis(1);
    assert_eq!(queue.pop(1).await, [id]);
}

/// A message that has expired on its way is not seen.
pub async fn an_expired_message_is_adopted_in_vain(bench: &MessageBench) {
    let queue = bench.queue();
    let stored = wanderer(bench);
    bench.advance_secs(60);
    queue.adopt(vec![stored]).await;
    assert_eq!(queue.all().await, vec![]);
    assert_eq!(queue.stats().await.total(), 0);
}

/// Claims stay behind: an adopted message is free at once.
pub async fn adopted_message_is_free(bench: &MessageBench) {
    let queue = bench.queue();
    let mut stored = wanderer(bench);
    stored.message.claim = Some(fresh_claim_id());
    let id = stored.message.id;
    queue.adopt(vec![stored]).await;
    assert_eq!(queue.get_one(id).await.unwrap().claim, None);
    assert_eq!(queue.pop(1).await, [id]);
}

/// An adopted message can be deleted by its id.
pub async fn adopted_message_can_be_deleted(bench: &MessageBench) {
    let queue = bench.queue();
    let (stored, adopted) = wanderers(bench, 3);
    queue.adopt(stored).await;
    assert_eq!(queue.delete(adopted[0], None).await, Deletion::Done);
    assert_eq!(queue.delete_many(&adopted[1..2], None).await, Deletion::Done);
    assert_eq!(queue.all().await, adopted[2..]);
    assert_eq!(queue.get(&adopted).await.len(), 1);
}

/// An adopted message still belongs to the client that posted it.
pub async fn adopted_message_keeps_its_client(bench: &MessageBench) {
    let queue = bench.queue();
    let (mut stored, adopted) = wanderers(bench, 2);
    stored[0].client = other_client();
    queue.adopt(stored).await;
    let mut query = everything();
    query.without_client = Some(other_client());
    assert_eq!(ids(&queue.list(&query).await.items), adopted[1..]);
}

/// An adopted message means something only where it was adopted.
pub async fn adopted_message_is_in_its_new_queue_only(bench: &MessageBench) {
    let (old, new) = (bench.queue(), bench.queue());
    let id = old.fill(1).await[0];
    let message = old.get_one(id).await.unwrap();
    let stored = StoredMessage {
        client: poster(),
        expires: message.created.plus_secs(3600),
        delayed_until: message.created,
        is_letter: false,
        message,
    };
    new.adopt(vec![stored]).await;
    assert_eq!(old.delete(id, None).await, Deletion::Done);
    assert_eq!(old.get(&[id]).await, vec![]);
    assert_eq!(ids(&new.get(&[id]).await), [id]);
    assert_eq!(new.stats().await.oldest.map(|(id, _)| id), Some(id));
}

/// A destination that was dropped adopts nothing: `NotFound`, so that the messages stay where they are.
pub async fn a_dropped_queue_adopts_nothing(bench: &MessageBench) {
    let queue = bench.queue();
    queue.drop_it().await;
    let stored = [wanderer(bench)];
    let refused = bench.store().adopt(&queue.destination, &stored, Adoption::Arrival, bench.now()).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert_eq!(queue.all().await, vec![]);
}

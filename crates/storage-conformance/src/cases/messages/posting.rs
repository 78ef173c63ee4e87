//! What a post does, and what of a message comes back.

use std::collections::BTreeSet;

use bytes::Bytes;
use zaqar_model::{Body, ClientId, Message, NewMessage, TtlSeconds};
use zaqar_storage::StorageError;

use crate::bench::{MessageBench, everything, ids};
use crate::samples::{claim_of, fresh_destination, json, lasting, message, messages, project, with_body};

/// The ids of a post come in the order of its messages.
pub async fn ids_are_answered_in_the_order_of_the_messages(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(5).await;
    let found = queue.get(&posted).await;
    let bodies: Vec<_> = found.iter().map(|message| message.body.clone()).collect();
    assert_eq!(bodies, (0..5).map(|number| json(&number.to_string())).collect::<Vec<_>>());
}

/// Messages are kept in the order in which they were posted, within a post and from post to post.
pub async fn messages_keep_the_order_of_posting(bench: &MessageBench) {
    let queue = bench.queue();
    let mut posted = queue.fill(3).await;
    posted.extend(queue.fill(1).await);
    bench.advance_secs(1);
    posted.extend(queue.fill(4).await);
    assert_eq!(queue.all().await, posted);
}

/// Every message has an id of its own.
pub async fn ids_are_distinct(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    let mut posted = Vec::new();
    for _ in 0..5 {
        posted.extend(one.fill(20).await);
        posted.extend(other.fill(20).await);
    }
    assert_eq!(posted.iter().collect::<BTreeSet<_>>().len(), posted.len());
}

/// A post's messages stand together: no other post comes between them.
pub async fn concurrent_posts_do_not_interleave(bench: &MessageBench) {
    const POSTS: usize = 16;
    const SIZE: usize = 8;
    let queue = bench.queue();
    let posting: Vec<_> = (0..POSTS)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.fill(SIZE).await })
        })
        .collect();
    let mut posts = Vec::new();
    for post in posting {
        posts.push(post.await.unwrap());
    }

    let all = queue.all().await;
    assert_eq!(all.len(), POSTS * SIZE, "none is lost, none is doubled");
    for post in posts {
        let start = all.iter().position(|id| *id == post[0]).unwrap();
        assert_eq!(all[start..start + SIZE], post);
    }
}

/// One post may bring many messages.
pub async fn a_thousand_messages_in_one_post_are_all_there(bench: &MessageBench) {
    let queue = bench.queue();
    let posted = queue.fill(1000).await;
    assert_eq!(queue.all().await, posted);
}

/// A message comes back as it was posted: free, never claimed, with its time to live and the time of its posting.
pub async fn a_message_comes_back_as_it_was_posted(bench: &MessageBench) {
    let queue = bench.queue();
    let new = NewMessage {
        ttl: TtlSeconds::new(77),
        body: json(r#"{"event": "Backup"}"#),
        checksum: Some("MD5:9bd3a2d5d2b0a6b0".to_owned()),
        ..message()
    };
    let posted = bench.now();
    let id = queue.post_one(new.clone()).await;
    bench.advance_secs(5);

    let expected = Message {
        id,
        ttl: new.ttl,
        created: posted,
        body: new.body,
        checksum: new.checksum,
        claim: None,
        claim_count: 0,
    };
    assert_eq!(queue.get_one(id).await, Some(expected.clone()));
    assert_eq!(queue.list(&everything()).await.items, vec![expected.clone()]);
    assert_eq!(queue.pop_messages(1).await, vec![expected]);
}

/// The time of posting is kept to the millisecond.
pub async fn the_time_of_posting_is_exact(bench: &MessageBench) {
    let queue = bench.queue();
    bench.advance_millis(123);
    let posted = bench.now();
    let id = queue.post_one(message()).await;
    assert_eq!(queue.get_one(id).await.unwrap().created, posted);
}

/// A body comes back byte for byte: white space, escapes, the order of members and the spelling of numbers included.
pub async fn a_body_comes_back_byte_for_byte(bench: &MessageBench) {
    let queue = bench.queue();
    for text in [
        "{ \"b\" : 1.0,\n\t\"a\":[ ] , \"b\": -0 }",
        r#""\u0000 \ud83d\ude00 \/ \"quoted\"""#,
        "1e0",
        "null",
        " 9223372036854775807 ",
        "\"naïve ☃ 𝄞\"",
        "\"\"",
    ] {
        let id = queue.post_one(with_body(text)).await;
        assert_eq!(queue.get_one(id).await.unwrap().body.as_bytes(), text.as_bytes());
    }
}

/// A body need not be JSON, nor a text: where messages are encrypted, a store is given bytes of any value.
pub async fn a_sealed_body_comes_back_byte_for_byte(bench: &MessageBench) {
    let (queue, dead_letters) = (bench.queue(), bench.queue());
    let bytes: Vec<u8> = [Body::SEALED].into_iter().chain(0..=u8::MAX).collect();
    let sealed = NewMessage { body: Body::from_bytes(Bytes::from(bytes)), ..message() };
    let id = queue.post_one(sealed.clone()).await;
    assert_eq!(queue.get_one(id).await.unwrap().body, sealed.body);
    assert_eq!(queue.list(&everything()).await.items[0].body, sealed.body);
    let claim = queue.claim_as(&claim_of(1)).await.messages;
    assert_eq!(claim[0].body, sealed.body);
    assert_eq!(queue.get_claim(claim[0].claim.unwrap()).await.unwrap().messages[0].body, sealed.body);
    queue.release(claim[0].claim.unwrap()).await;
    queue.exhaust(1, 1).await;
    queue.move_dead_letters(&dead_letters, queue.dead_letters().await).await;
    assert_eq!(dead_letters.pop_messages(1).await[0].body, sealed.body);
}

/// A body of 256 KiB, the most that a request may bring by default, comes back byte for byte.
pub async fn a_body_of_256_kib_comes_back_byte_for_byte(bench: &MessageBench) {
    let queue = bench.queue();
    let text: String =
        (0..256 * 1024 - 2).map(|at| char::from(b'a' + u8::try_from(at % 26).unwrap())).collect();
    let text = format!("\"{text}\"");
    let id = queue.post_one(with_body(&text)).await;
    assert_eq!(queue.get_one(id).await.unwrap().body.as_bytes(), text.as_bytes());
    assert_eq!(queue.list(&everything()).await.items[0].body.as_bytes(), text.as_bytes());
}

/// A message may have no checksum while its neighbour has one.
pub async fn a_checksum_belongs_to_its_message(bench: &MessageBench) {
    let queue = bench.queue();
    let with = NewMessage { checksum: Some("MD5:00".to_owned()), ..message() };
    queue.post(vec![message(), with, message()]).await;
    let checksums: Vec<_> =
        queue.list(&everything()).await.items.into_iter().map(|message| message.checksum).collect();
    assert_eq!(checksums, vec![None, Some("MD5:00".to_owned()), None]);
}

/// Messages of one post may differ in their times to live.
pub async fn a_time_to_live_belongs_to_its_message(bench: &MessageBench) {
    let queue = bench.queue();
    queue.post(vec![lasting(60), lasting(120), lasting(90)]).await;
    let ttls: Vec<_> =
        queue.list(&everything()).await.items.into_iter().map(|message| message.ttl.get()).collect();
    assert_eq!(ttls, vec![60, 120, 90]);
}

/// What is posted to one queue is not in another.
pub async fn queues_are_apart(bench: &MessageBench) {
    let (one, other) = (bench.queue(), bench.queue());
    let in_one = one.fill(2).await;
    let in_other = other.fill(1).await;
    assert_eq!(one.all().await, in_one);
    assert_eq!(other.all().await, in_other);
}

/// A queue and a topic of one name are two destinations.
pub async fn a_queue_and_a_topic_of_one_name_are_apart(bench: &MessageBench) {
    let (queue, topic) = (bench.queue(), bench.topic());
    let mut namesake = topic.destination.clone();
    namesake.name = queue.destination.name.clone();
    let topic = topic.sibling(namesake);
    let in_queue = queue.fill(2).await;
    let in_topic = topic.fill(3).await;
    assert_eq!(queue.all().await, in_queue);
    assert_eq!(topic.all().await, in_topic);
}

/// Queues of one name in two projects are two destinations.
pub async fn projects_are_apart(bench: &MessageBench) {
    let ours = bench.queue();
    let mut theirs = fresh_destination(ours.destination.kind);
    theirs.project = project("another project: \u{e9}");
    theirs.name = ours.destination.name.clone();
    let theirs = ours.sibling(theirs);
    let in_ours = ours.fill(1).await;
    let in_theirs = theirs.fill(2).await;
    assert_eq!(ours.all().await, in_ours);
    assert_eq!(theirs.all().await, in_theirs);
}

/// A post to a destination that was dropped meanwhile is `NotFound`, and puts nothing there.
pub async fn a_post_to_a_dropped_queue_is_not_found(bench: &MessageBench) {
    let queue = bench.queue();
    queue.fill(1).await;
    queue.drop_it().await;
    let refused = queue.try_post(messages(1)).await;
    assert!(matches!(refused, Err(StorageError::NotFound(_))), "{refused:?}");
    assert_eq!(queue.all().await, vec![]);
}

/// A client's id may be any text.
pub async fn any_text_may_name_a_client(bench: &MessageBench) {
    let queue = bench.queue();
    let odd = ClientId::new("a client\n\"with\" ☃ \u{0} and : in its name");
    let own = queue.post_as(&odd, messages(2)).await;
    let others = queue.fill(1).await;
    let mut query = everything();
    query.without_client = Some(odd);
    assert_eq!(ids(&queue.list(&query).await.items), others);
    assert_eq!(queue.all().await, [own, others].concat());
}

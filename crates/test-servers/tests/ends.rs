//! Nothing stays: neither of a test that is killed, nor behind a run.
//!
//! The tests to be killed are this file's own, in processes of their own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zaqar_test_servers::{Engine, Postgres, Redis, SharedPostgres, SharedRedis};

/// A test of this file in a process of its own, which says a line when its servers run.
struct Run {
    child: Child,
    said: String,
}

impl Run {
    fn start(test: &str, place: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([test, "--exact", "--ignored", "--nocapture"]).env("ZAQAR_TEST_SERVERS", place);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said = lines.filter_map(|line| Some(line.split_once("says ")?.1.to_owned())).next();
        Self { child, said: said.unwrap() }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it come to its end.
    fn end(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }
}

fn say(what: &str) {
    println!("says {what}");
    // Until it is let go or killed.
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}

fn runs(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|line| !line.rsplit_once(") ").unwrap().1.starts_with('Z'))
}

#[allow(clippy::disallowed_methods, reason = "the end of another's process is looked at, not slept for")]
fn wait_for_end(ids: &[u32]) {
    let begin = Instant::now();
    while ids.iter().any(|id| runs(*id)) {
        assert!(begin.elapsed() < Duration::from_secs(60), "{ids:?} still run");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn ids_in(said: &str) -> Vec<u32> {
    said.split(' ').map(|id| id.parse().unwrap()).collect()
}

/// Of a server, and of the processes that it started.
fn family(id: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    let children = lines.filter_map(|line| {
        let (begin, rest) = line.rsplit_once(") ")?;
        let is_child = rest.split(' ').nth(1)? == id.to_string();
        is_child.then(|| begin.split(' ').next()?.parse().ok()).flatten()
    });
    children.chain([id]).collect()
}

#[test]
#[ignore = "run by the others"]
fn private_servers() {
    let mut postgres = Postgres::start(&[("fsync", "off")]);
    let redis = Redis::start(Engine::Redis, &[]);
    let ids: Vec<_> = [postgres.process.id(), redis.process.id()].into_iter().flatten().collect();
    // What it started does not hear of the end of a server while it is paused.
    let all: Vec<_> = ids.iter().flat_map(|id| family(*id)).map(|id| id.to_string()).collect();
    postgres.process.pause();
    say(&all.join(" "));
}

#[test]
#[ignore = "run by the others"]
fn private_server_and_panic() {
    let redis = Redis::start(Engine::Valkey, &[]);
    say(&redis.process.id().unwrap().to_string());
    panic!("on purpose");
}

#[test]
#[ignore = "run by the others"]
fn shared_servers() {
    let database = SharedPostgres::database();
    let redis = SharedRedis::database(Engine::Redis);
    let port = database.run("SHOW port");
    let directory = database.run("SHOW data_directory");
    let postgres = fs::read_to_string(format!("{directory}/postmaster.pid")).unwrap();
    let info = redis.run(&["INFO", "server"]);
    let redis = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
    say(&format!("{} {} {port}", postgres.lines().next().unwrap(), redis.trim_end()));
}

#[test]
fn servers_end_with_a_test_that_is_killed_though_they_are_paused() {
    let place = tempfile::tempdir().unwrap();
    let run = Run::start("private_servers", place.path());
    let ids = ids_in(&run.said);
    assert!(ids.len() > 3 && ids.iter().all(|id| runs(*id)), "{ids:?}");
    run.kill();
    wait_for_end(&ids);
}

#[test]
fn a_server_ends_with_a_test_that_fails() {
    let place = tempfile::tempdir().unwrap();
    let run = Run::start("private_server_and_panic", place.path());
    let ids = ids_in(&run.said);
    assert!(runs(ids[0]));
    run.end();
    wait_for_end(&ids);
}

#[test]
fn a_shared_server_is_one_for_all_processes_and_gone_behind_the_last() {
    let place = tempfile::tempdir().unwrap();
    let all = [(); 3].map(|()| Run::start("shared_servers", place.path()));
    let ids = ids_in(&all[0].said);
    assert!(all.iter().all(|run| run.said == all[0].said), "one server");
    let [first, second, third] = all;
    first.kill();
    second.end();
    assert!(runs(ids[0]) && runs(ids[1]), "somebody uses it");
    third.kill();
    wait_for_end(&ids[..2]);
    // A new run has new ones.
    let next = Run::start("shared_servers", place.path());
    let new = ids_in(&next.said);
    assert!(new[0] != ids[0] && runs(new[0]));
    next.end();
    wait_for_end(&new[..2]);
}

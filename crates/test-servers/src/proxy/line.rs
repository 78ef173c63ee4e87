//! One connection through a proxy.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::Cut;
use super::rules::{Mode, Rules};

const PIECE: usize = 64 * 1024;

/// Until one of both sides ends it, or the rules do. Then both connections are closed.
pub(super) async fn carry(mut client: TcpStream, server: SocketAddr, rules: Arc<Rules>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    // What is small is sent on at once.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let mut mode = rules.mode.subscribe();
    let is_cut_before_answer = AtomicBool::new(false);
    tokio::select! {
        _ = requests(from_client, to_server, &rules, &is_cut_before_answer) => {}
        _ = answers(from_server, to_client, &rules, &is_cut_before_answer) => {}
        _ = mode.wait_for(|mode| *mode == Mode::Refuse) => {}
    }
}

async fn requests(
    mut client: ReadHalf<'_>,
    mut server: WriteHalf<'_>,
    rules: &Rules,
    is_cut_before_answer: &AtomicBool,
) -> io::Result<()> {
    let mut mode = rules.mode.subscribe();
    let mut piece = vec![0; PIECE];
    loop {
        let length = client.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        let _ = mode.wait_for(|mode| *mode != Mode::Hold).await;
        let cut = rules.cut_of(&piece[..length]);
        if cut == Some(Cut::BeforeRequest) {
            rules.count_cut();
            return Ok(());
        }
        // Before the server can answer.
        is_cut_before_answer.fetch_or(cut == Some(Cut::BeforeAnswer), Ordering::SeqCst);
        server.write_all(&piece[..length]).await?;
        if cut == Some(Cut::BehindRequest) {
            rules.count_cut();
            return Ok(());
        }
    }
}

async fn answers(
    mut server: ReadHalf<'_>,
    mut client: WriteHalf<'_>,
    rules: &Rules,
    is_cut: &AtomicBool,
) -> io::Result<()> {
    let mut mode = rules.mode.subscribe();
    let mut piece = vec![0; PIECE];
    loop {
        let length = server.read(&mut piece).await?;
        if length == 0 {
            return Ok(());
        }
        if is_cut.load(Ordering::SeqCst) {
            rules.count_cut();
            return Ok(());
        }
        let _ = mode.wait_for(|mode| *mode != Mode::Hold).await;
        tokio::time::sleep(rules.delay_of_answers()).await;
        client.write_all(&piece[..length]).await?;
    }
}

//! One connection through a proxy.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::Cut;
use super::rules::{Late, Mode, Rules};

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
    let late = tokio::select! {
        ended = requests(from_client, to_server, &rules, &is_cut_before_answer) => ended.unwrap_or_default(),
        _ = answers(from_server, to_client, &rules, &is_cut_before_answer) => None,
        _ = mode.wait_for(|mode| *mode == Mode::Refuse) => None,
    };
    drop(client);
    if let Some(request) = late {
        let _ = rules.late.subscribe().wait_for(|late| *late == Late::Sent).await;
        let mut answer = vec![0; PIECE];
        // The server may have ended the connection.
        let _ = server.write_all(&request).await;
        let _ = server.read(&mut answer).await;
        rules.late.send_replace(Late::Over);
    }
}

/// Returns a request that is to be sent on late.
async fn requests(
    mut client: ReadHalf<'_>,
    mut server: WriteHalf<'_>,
    rules: &Rules,
    is_cut_before_answer: &AtomicBool,
) -> io::Result<Option<Vec<u8>>> {
    let mut mode = rules.mode.subscribe();
    let mut piece = vec![0; PIECE];
    loop {
        let length = client.read(&mut piece).await?;
        if length == 0 {
            return Ok(None);
        }
        let _ = mode.wait_for(|mode| *mode != Mode::Hold).await;
        let cut = rules.cut_of(&piece[..length]);
        if cut == Some(Cut::BeforeRequest) {
            rules.count_cut();
            return Ok(None);
        }
        if cut == Some(Cut::LateRequest) {
            rules.count_cut();
            return Ok(Some(piece[..length].to_vec()));
        }
        // Before the server can answer.
        is_cut_before_answer.fetch_or(cut == Some(Cut::BeforeAnswer), Ordering::SeqCst);
        server.write_all(&piece[..length]).await?;
        if cut == Some(Cut::BehindRequest) {
            rules.count_cut();
            return Ok(None);
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

//! How Redis or Valkey is started and seen to be ready.
//! It is never the only copy of anything: it saves when it is stopped in order, and loses its last minutes in a crash.

use std::path::{Path, PathBuf};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::process::Launch;

pub(crate) fn launch(program: PathBuf, data: &Path, port: u16) -> Launch {
    let port = port.to_string();
    let settings = [
        ["--bind", "127.0.0.1"],
        ["--port", &port],
        ["--appendonly", "no"],
        ["--save", "900 1"],
        ["--maxmemory-policy", "noeviction"],
        ["--daemonize", "no"],
    ];
    let mut arguments: Vec<_> = settings.iter().flatten().map(Into::into).collect();
    arguments.extend(["--dir".into(), data.into()]);
    Launch {
        program,
        arguments,
        dir: data.to_owned(),
        account: None,
    }
}

/// While it loads a saved file it answers with an error instead of PONG.
pub(crate) async fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else {
        return false;
    };
    let mut answer = [0; 5];
    stream.write_all(b"PING\r\n").await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && &answer == b"+PONG"
}

pub(crate) fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}/")
}

//! How the NATS server is started and seen to be ready.
//! Its settings are the file that operators read, `nats/nats-server.conf`; only address, port and folder are added.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
};

use crate::{Error, process::Launch};

const CONFIG: &str = include_str!("../../../nats/nats-server.conf");

/// Writes the configuration beside the data, since this binary may run far from the repository.
pub(crate) fn write_config(data: &Path) -> Result<(), Error> {
    let path = data.join("nats-server.conf");
    fs::write(&path, CONFIG).map_err(Error::io("write", path))
}

pub(crate) fn launch(program: PathBuf, data: &Path, port: u16) -> Launch {
    let arguments = vec![
        "--config".into(),
        data.join("nats-server.conf").into(),
        "--addr".into(),
        "127.0.0.1".into(),
        "--port".into(),
        port.to_string().into(),
        "--store_dir".into(),
        data.into(),
    ];
    Launch {
        program,
        arguments,
        dir: data.to_owned(),
        account: None,
    }
}

/// The server greets with INFO, and listens only after JetStream has recovered its streams.
pub(crate) async fn is_ready(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await else {
        return false;
    };
    let mut greeting = String::new();
    let read = BufReader::new(stream).read_line(&mut greeting).await;
    read.is_ok() && greeting.starts_with("INFO ") && greeting.contains("\"jetstream\":true")
}

pub(crate) fn url(port: u16) -> String {
    format!("nats://127.0.0.1:{port}")
}

//! The connection: made when it is first needed, made again when it breaks.

use std::time::Duration;

use ::redis::{
    Client,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use crate::{StoreError, StoreOptions};

pub(crate) fn connect(options: &StoreOptions) -> Result<ConnectionManager, StoreError> {
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(options.redis_response_timeout))
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_number_of_retries(2)
        .set_max_delay(Duration::from_millis(500));
    let client = Client::open(options.redis_url.as_str())?;
    Ok(ConnectionManager::new_lazy_with_config(client, config)?)
}

//! What the end-to-end tests share: a host as a process, a WebSocket client, a real Asterisk with phones.

//! A response before it is bytes: what a manner changes of what an honest server says.

/// A response.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) version: &'static str,
    pub(super) status: u16,
    pub(super) reason: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Whether the body is left out though the head names its length: the answer to a HEAD.
    pub(super) is_head: bool,
}

impl Reply {
    /// A whole response with a `content-length`.
    pub(super) fn new(status: u16, reason: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let headers = vec![("content-length".to_owned(), body.len().to_string())];
        Self { version: "HTTP/1.1", status, reason, headers, body, is_head: false }
    }

    /// The same with another body, and its length.
    pub(super) fn holding(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.set("content-length", length)
    }

    /// The same with another status.
    pub(super) const fn saying(mut self, status: u16, reason: &'static str) -> Self {
        self.status = status;
        self.reason = reason;
        self
    }

    /// One header more.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A header in the place of the one of that name.
    pub(super) fn set(self, name: &str, value: impl Into<String>) -> Self {
        self.without(name).with(name, value)
    }

    /// A header less.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// Whether it says that the connection ends with it.
    pub(super) fn closes(&self) -> bool {
        self.header("connection") == Some("close")
            || self.version == "HTTP/1.0" && self.header("connection") != Some("keep-alive")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The head as it is sent.
    pub(super) fn head(&self) -> Vec<u8> {
        self.head_with(|name, value| format!("{name}: {value}\r\n"))
    }

    /// The head with lines of another form.
    pub(super) fn head_with(&self, line: impl Fn(&str, &str) -> String) -> Vec<u8> {
        let lines: String = self.headers.iter().map(|(name, value)| line(name, value)).collect();
        format!("{} {} {}\r\n{lines}\r\n", self.version, self.status, self.reason).into_bytes()
    }

    /// The body as it is sent: nothing for a HEAD.
    pub(super) fn sent_body(&self) -> &[u8] {
        if self.is_head { &[] } else { &self.body }
    }

    /// Head and body.
    pub(super) fn bytes(&self) -> Vec<u8> {
        [&self.head(), self.sent_body()].concat()
    }

    /// The head that says that the body comes in chunks.
    pub(super) fn chunked(self) -> Self {
        self.without("content-length").with("transfer-encoding", "chunked")
    }
}

//! An HTTP client with the role keys of one server.

use reqwest::{Client, Method, RequestBuilder, header::HeaderMap, redirect::Policy};
use serde_json::Value;
use std::collections::BTreeMap;

/// A client of one server. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    address: String,
    keys: BTreeMap<String, String>,
}

/// A whole answer; of a live stream without its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Api {
    /// A client with the keys of a `keys.toml`.
    pub(crate) fn new(address: &str, keys: &str) -> Self {
        let keys: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(keys).unwrap();
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { client, address: format!("http://{address}"), keys: keys["keys"].clone() }
    }

    /// The keys, by role.
    pub(crate) fn keys(&self) -> &BTreeMap<String, String> {
        &self.keys
    }

    /// A GET, with the key of a role if one is named.
    pub(crate) async fn get(&self, path: &str, role: Option<&str>) -> Answer {
        self.send(self.client.get(self.url(path)), role).await.unwrap()
    }

    /// A request of any method, without a body, with the key of a role if one is named.
    pub(crate) async fn request(&self, method: &str, path: &str, role: Option<&str>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.send(self.client.request(method, self.url(path)), role).await.unwrap()
    }

    /// A request with exactly these headers, and a JSON body if there is one.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Option<&Value>,
    ) -> Answer {
        self.try_call(method, path, headers, body).await.unwrap()
    }

    /// The same while the server may go away.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Option<&Value>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), self.url(path));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request, None).await
    }

    /// A GET as administrator with one more header.
    pub(crate) async fn get_with(&self, path: &str, header: (&str, &str)) -> Answer {
        self.send(self.client.get(self.url(path)).header(header.0, header.1), Some("admin")).await.unwrap()
    }

    /// A POST as administrator, with more headers.
    pub(crate) async fn post(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        self.try_post(path, body, headers).await.unwrap()
    }

    /// The same while the server may go away.
    pub(crate) async fn try_post(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.post(self.url(path)).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, Some("admin")).await
    }

    /// Every item of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{separator}limit=100{cursor}"), Some("admin")).await.json(200);
            items.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    async fn send(&self, mut request: RequestBuilder, role: Option<&str>) -> Result<Answer, reqwest::Error> {
        if let Some(role) = role {
            request = request.bearer_auth(&self.keys[role]);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A live stream has no end.
        let is_stream =
            headers.get("content-type").is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        Ok(Answer { status, headers, body: if is_stream { String::new() } else { response.text().await? } })
    }
}

impl Answer {
    /// The value of a header that must be there.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}")).to_str().unwrap()
    }

    /// The body as JSON, after checking the status.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// The problem (RFC 9457) in the body, after checking its status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let problem = self.json(status);
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()), "{problem}");
        problem
    }
}

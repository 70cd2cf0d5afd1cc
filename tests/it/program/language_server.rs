//! The language server of YAML, which gives editors completions and diagnostics.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::tools::npm_packages;

/// A running `yaml-language-server`, whose documents all have one schema. It ends when it is dropped.
pub(super) struct LanguageServer {
    server: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    schema: String,
    last_id: u64,
    documents: u64,
    /// By document.
    diagnostics: HashMap<String, Value>,
}

/// A completion: the text that is offered, and the text that is inserted.
pub(super) struct Completion {
    pub(super) label: String,
    pub(super) inserted: String,
}

impl LanguageServer {
    /// Starts the server for documents with the schema in this file; without a server, says so and returns `None`.
    pub(super) fn start(schema: &Path) -> Option<Self> {
        let program = npm_packages(&["yaml-language-server"])?.join(".bin/yaml-language-server");
        let mut server = Command::new(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (requests, answers) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
        let mut server = Self {
            server,
            requests,
            answers: BufReader::new(answers),
            schema: schema.display().to_string(),
            last_id: 0,
            documents: 0,
            diagnostics: HashMap::new(),
        };
        let capabilities = json!({
            "textDocument": {"completion": {"completionItem": {"snippetSupport": true}}},
            "workspace": {"configuration": true},
        });
        server.call("initialize", &json!({"processId": null, "rootUri": null, "capabilities": capabilities}));
        server.send(&json!({"jsonrpc": "2.0", "method": "initialized", "params": {}}));
        Some(server)
    }

    /// Returns what the server offers where `|` stands in `text`.
    pub(super) fn completions(&mut self, text: &str) -> Vec<Completion> {
        let (document, position) = self.open_at(text);
        let place = json!({"textDocument": {"uri": document}, "position": position});
        let answer = self.call("textDocument/completion", &place);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = answer["items"].as_array().unwrap().iter();
        let completion = |item: &Value| {
            let inserted = item.get("insertText").unwrap_or(&item["textEdit"]["newText"]);
            Completion { label: text(&item["label"]), inserted: text(inserted) }
        };
        items.map(completion).collect()
    }

    /// Returns what the server shows of the key at which `|` stands in `text`.
    pub(super) fn hover(&mut self, text: &str) -> String {
        let (document, position) = self.open_at(text);
        let place = json!({"textDocument": {"uri": document}, "position": position});
        self.call("textDocument/hover", &place)["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the server's diagnostics of `text`: each the marked text, and the message.
    pub(super) fn diagnostics(&mut self, text: &str) -> Vec<(String, String)> {
        let document = self.open(text);
        while !self.diagnostics.contains_key(&document) {
            let message = self.read();
            self.handle(&message);
        }
        let lines: Vec<&str> = text.lines().collect();
        let diagnostics = self.diagnostics[&document].as_array().unwrap().iter();
        let marked = |diagnostic: &Value| {
            let place = |end: &str, field: &str| {
                usize::try_from(diagnostic["range"][end][field].as_u64().unwrap()).unwrap()
            };
            // The first line of the document names the schema.
            let line = lines[place("start", "line") - 1];
            let text = &line[place("start", "character")..place("end", "character")];
            (text.to_owned(), diagnostic["message"].as_str().unwrap().to_owned())
        };
        diagnostics.map(marked).collect()
    }

    /// Opens a document, and returns its name and the position of its `|`, which it leaves out.
    fn open_at(&mut self, text: &str) -> (String, Value) {
        let (before, after) = text.split_once('|').unwrap();
        let line = before.matches('\n').count() + 1;
        let character = before.rsplit('\n').next().unwrap().len();
        (self.open(&format!("{before}{after}")), json!({"line": line, "character": character}))
    }

    fn open(&mut self, text: &str) -> String {
        self.documents += 1;
        let document = format!("file:///configuration-{}.yaml", self.documents);
        let text = format!("# yaml-language-server: $schema={}\n{text}", self.schema);
        let item = json!({"uri": document, "languageId": "yaml", "version": 1, "text": text});
        let params = json!({"textDocument": item});
        self.send(&json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params}));
        document
    }

    #[track_caller]
    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last_id += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}));
        loop {
            let mut message = self.read();
            if message["id"] == self.last_id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].take();
            }
            self.handle(&message);
        }
    }

    /// Answers what the server asks, and notes its diagnostics.
    fn handle(&mut self, message: &Value) {
        let params = &message["params"];
        if message["method"] == "textDocument/publishDiagnostics" {
            let document = params["uri"].as_str().unwrap().to_owned();
            self.diagnostics.insert(document, params["diagnostics"].clone());
        }
        let Some(id) = message.get("id") else { return };
        let settings = |item: &Value| {
            let is_yaml = item["section"] == "yaml";
            if is_yaml { json!({"validate": true, "schemaStore": {"enable": false}}) } else { json!({}) }
        };
        let asked = params["items"].as_array().map(|items| items.iter().map(settings).collect::<Vec<_>>());
        self.send(&json!({"jsonrpc": "2.0", "id": id, "result": asked}));
    }

    fn send(&mut self, message: &Value) {
        let message = message.to_string();
        write!(self.requests, "Content-Length: {}\r\n\r\n{message}", message.len()).unwrap();
        self.requests.flush().unwrap();
    }

    #[track_caller]
    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut header = String::new();
            assert!(self.answers.read_line(&mut header).unwrap() > 0, "the language server has gone");
            match header.trim().split_once(": ") {
                Some(("Content-Length", bytes)) => length = bytes.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut content = vec![0; length];
        self.answers.read_exact(&mut content).unwrap();
        serde_json::from_slice(&content).unwrap()
    }
}

impl Drop for LanguageServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

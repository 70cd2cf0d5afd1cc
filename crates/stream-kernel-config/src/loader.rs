//! The loader: it names the layers and loads them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::check;
use crate::layer::{ChosenProfile, Layers, Reading};
use crate::loaded::Loaded;
use crate::masking;
use crate::mistake::{Findings, Mistakes, Problem};
use crate::origin::Origin;
use crate::rule::Rule;
use crate::schema::{Additions, Retired, Schema};
use crate::sink_rules;
use crate::source::Source;
use crate::stores::Stores;
use crate::variable::{self, Variable};

/// The layers of a configuration, each over the one before: the defaults of the types, files and other sources in order
/// (or the built-in configuration), environment, `--set` in order, named flags in order.
///
/// Maps merge; lists, scalars and null replace. Nothing is read before [`load`](Self::load).
#[derive(Debug, Clone)]
pub struct Loader {
    prefix: String,
    additions: Additions,
    built_in: Option<(String, String)>,
    retired: Vec<Retired>,
    stores: Stores,
    sources: Vec<Listed>,
    profile: Option<ChosenProfile>,
    environment: Vec<(OsString, OsString)>,
    settings: Vec<String>,
    flags: Vec<Flag>,
}

/// A source, not read yet.
#[derive(Debug, Clone)]
enum Listed {
    Path(PathBuf),
    StandardInput,
    Source(Arc<dyn Source>),
    /// The named location cannot be a source.
    Refused(String, Problem),
}

#[derive(Debug, Clone)]
struct Flag {
    origin: Origin,
    key: String,
    value: String,
}

impl Loader {
    /// Returns a loader without layers. Its environment variables begin with `prefix` and two underscores.
    ///
    /// It loads a struct of the types that the crate's documentation lists. For the [`Config`](crate::Config) of a
    /// pipeline it also applies the rules between the keys of `runtime`, and masks its secrets.
    ///
    /// ```
    /// use schemars::JsonSchema;
    /// use serde::{Deserialize, Serialize};
    /// use stream_kernel_config::Loader;
    ///
    /// /// How a kettle is run.
    /// #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    /// #[serde(deny_unknown_fields, default)]
    /// struct Kettle {
    ///     /// When it is done.
    ///     #[schemars(range(min = 20, max = 100))]
    ///     degrees: u8,
    ///     whistle: bool,
    /// }
    ///
    /// impl Default for Kettle {
    ///     fn default() -> Self {
    ///         Self { degrees: 100, whistle: true }
    ///     }
    /// }
    ///
    /// let loader = Loader::new("KETTLE").built_in("built-in", "degrees: 80");
    /// let (kettle, effective) = loader.clone().set("whistle=false").load::<Kettle>()?.finish()?;
    /// assert_eq!(kettle, Kettle { degrees: 80, whistle: false });
    /// assert_eq!(effective.entries()[1].to_string(), "whistle: false  # command line: --set whistle=false");
    ///
    /// let mistakes = loader.set("degrees=800").load::<Kettle>()?.finish().unwrap_err();
    /// assert!(mistakes.to_string().contains("expected: a whole number from 20 to 100"));
    /// # Ok::<(), stream_kernel_config::Mistakes>(())
    /// ```
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            additions: Additions::default(),
            built_in: None,
            retired: Vec::new(),
            stores: Stores::NONE,
            sources: Vec::new(),
            profile: None,
            environment: Vec::new(),
            settings: Vec::new(),
            flags: Vec::new(),
        }
    }

    /// Sets the default of `runtime.pipeline` in a [`Config`](crate::Config); without it, the key is required.
    pub fn default_pipeline<S: Into<String>>(mut self, steps: impl IntoIterator<Item = S>) -> Self {
        self.additions.default_pipeline = Some(steps.into_iter().map(Into::into).collect());
        self
    }

    /// Names all steps, for the [schema for editors](Self::json_schema): editors offer them in `runtime.pipeline`, and
    /// flag others if `runtime.strict` is true. The loader does not check them.
    pub fn step_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let known = json!({"items": {"enum": names}});
        self.additions.step_names = names;
        self.rule(Rule::new("runtime.pipeline", known).unless("runtime.strict", json!({"const": false})))
    }

    /// Names everything that may be in the list at `key`, a key path, for the
    /// [schema for editors](Self::json_schema). The loader does not check it.
    pub fn item_names<S: Into<String>>(
        mut self,
        key: impl Into<String>,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        self.additions.item_names.push((key.into(), names.into_iter().map(Into::into).collect()));
        self
    }

    /// Adds a rule between keys to the [schema for editors](Self::json_schema). The loader does not check it.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.additions.rules.push(rule);
        self
    }

    /// Adds a key to `runtime.limits` in a [`Config`](crate::Config): a bound on something that the application's run
    /// remembers, with a `description`.
    ///
    /// Its value is a whole number of at least 1, or null, the default, for no limit. Without any limits there is no
    /// such group.
    pub fn limit(mut self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.additions.limits.push((name.into(), description.into()));
        self
    }

    /// Sets the YAML text that applies when no source is named; `name` is its name in messages.
    pub fn built_in(mut self, name: impl Into<String>, yaml: impl Into<String>) -> Self {
        self.built_in = Some((name.into(), yaml.into()));
        self
    }

    /// Adds removed keys: a key path in which `*` stands for any one key. They are refused with this hint.
    pub fn retired(mut self, pattern: impl Into<String>, hint: impl Into<String>) -> Self {
        self.retired.push(Retired { pattern: pattern.into(), hint: hint.into() });
        self
    }

    /// Adds a YAML file, or a directory of files, over the sources before it.
    ///
    /// A directory holds either YAML files (`*.yml`, `*.yaml`), taken in the order of their names, or files whose name
    /// is a key path and whose content is its value: `runtime.strict`. Names that begin with a point are skipped:
    /// hidden files, and those of a mounted volume itself.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.push(Listed::Path(path.into()));
        self
    }

    /// Adds YAML from standard input, over the sources before it.
    pub fn standard_input(mut self) -> Self {
        self.sources.push(Listed::StandardInput);
        self
    }

    /// Adds a store of keys and values, over the sources before it.
    pub fn source(mut self, source: impl Source + 'static) -> Self {
        self.sources.push(Listed::Source(Arc::new(source)));
        self
    }

    /// Sets the stores for locations named from here on; without it there are none.
    pub fn stores(mut self, stores: Stores) -> Self {
        self.stores = stores;
        self
    }

    /// Adds a location named by a user, over the sources before it: `-` is standard input, a location with a scheme
    /// (`etcd://...`) is one of the [`stores`](Self::stores), and anything else is a file or a directory.
    pub fn location(mut self, location: &str) -> Self {
        let listed = match location.split_once("://") {
            _ if location == "-" => Listed::StandardInput,
            Some((scheme, _)) if is_scheme(scheme) => match self.stores.open(scheme, location) {
                Ok(source) => Listed::Source(source),
                Err(problem) => Listed::Refused(format!("{scheme}://"), problem),
            },
            _ if masking::may_hold_credentials(location) && !Path::new(location).exists() => {
                let problem = Problem::new("it is neither a file that is there nor a URL")
                    .expected("a file, a directory, `-`, or a URL that begins with its scheme and `://`")
                    .hint("look for blanks and quotes before the scheme, and for a slash or colon that is missing behind it");
                Listed::Refused("a source that looks like a URL".to_owned(), problem)
            }
            _ => Listed::Path(location.into()),
        };
        self.sources.push(listed);
        self
    }

    /// Chooses the profile `name`, whatever the environment says: the part of a source below `profiles.NAME` applies
    /// over the rest of that source. `flag` is the flag that chose it, for messages: `--profile staging`.
    ///
    /// Without it, the variable `PREFIX_PROFILE` chooses, if it is set.
    pub fn profile(mut self, name: impl Into<String>, flag: impl Into<String>) -> Self {
        self.profile = Some(ChosenProfile { name: name.into(), origin: Origin::Flag { text: flag.into() } });
        self
    }

    /// Adds environment variables; those without the prefix are ignored.
    pub fn environment(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// Adds the value of a `--set` flag, `KEY=VALUE`.
    pub fn set(mut self, assignment: impl Into<String>) -> Self {
        self.settings.push(assignment.into());
        self
    }

    /// Adds a named flag, `text` as typed: it gives the key at `key_path` a value, which is read like that of `--set`.
    pub fn flag(
        mut self,
        text: impl Into<String>,
        key_path: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        let origin = Origin::Flag { text: text.into() };
        self.flags.push(Flag { origin, key: key_path.into(), value: value.into() });
        self
    }

    /// Reads, merges and checks all layers.
    ///
    /// The result holds a configuration even if there are mistakes, so that the application can add its own checks
    /// before [`Loaded::finish`] reports everything at once.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], if a type of the application refuses even the replacements of mistaken values, or if the schema of
    /// `T` goes beyond this crate's checks (see the crate's documentation): a bug in the application, which any
    /// test that loads a configuration finds.
    pub fn load<T>(self) -> Result<Loaded<T>, Mistakes>
    where
        T: DeserializeOwned + JsonSchema,
    {
        let schema = self.schema::<T>()?;
        let Reading { layers, mut findings, files, .. } = self.read(&schema);
        let uses_standard_input = self.sources.iter().any(|source| matches!(source, Listed::StandardInput));
        let mut checked = check::check(&schema.root, &layers, &self.retired, &mut findings);
        if schema.is_of_pipeline {
            sink_rules::apply(&mut checked, &layers, &mut findings);
        }
        Loaded::new(schema, checked, findings, (files, uses_standard_input))
    }

    /// Returns the JSON Schema (draft 7, which editors support best) of the configuration, for editors.
    ///
    /// It accepts every file that loads by itself, with any of its profiles, and refuses what breaks a
    /// [`rule`](Self::rule) by itself. It does not find repeated keys and numbers of too many digits, and takes a blank
    /// value for null, as YAML does.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], if the schema of `T` goes beyond this crate's checks.
    pub fn json_schema<T: JsonSchema>(&self) -> Result<serde_json::Value, Mistakes> {
        Ok(self.schema::<T>()?.for_editors(&self.additions))
    }

    /// Returns every environment variable that the loader reads.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], if the schema of `T` goes beyond this crate's checks.
    pub fn variables<T: JsonSchema>(&self) -> Result<Vec<Variable>, Mistakes> {
        Ok(variable::list(&self.prefix, &self.schema::<T>()?.root))
    }

    fn schema<T: JsonSchema>(&self) -> Result<Schema, Mistakes> {
        Ok(Schema::of::<T>(&self.additions)?)
    }

    /// Reads all layers.
    fn read<'a>(&'a self, schema: &'a Schema) -> Reading<'a> {
        let from_environment = || {
            let name = variable::profile_variable(&self.prefix);
            let (_, value) = self.environment.iter().find(|(known, _)| known.to_str() == Some(&name))?;
            let value = value.to_string_lossy().into_owned();
            Some(ChosenProfile { name: value.clone(), origin: Origin::Variable { name, value } })
        };
        let mut chosen = self.profile.clone().or_else(from_environment);
        let blank = chosen.take_if(|ChosenProfile { name, origin }| {
            name.is_empty() && matches!(origin, Origin::Variable { .. })
        });
        let mut reading = Reading {
            schema: &schema.root,
            retired: &self.retired,
            chosen,
            profiles: Vec::new(),
            layers: Layers::default(),
            findings: Findings::default(),
            files: Vec::new(),
        };
        for source in &self.sources {
            match source {
                Listed::Path(path) => reading.add_path(path),
                Listed::StandardInput => reading.add_standard_input(),
                Listed::Source(source) => reading.add_source(&**source),
                Listed::Refused(source, problem) => {
                    let origin = Origin::Row { source: source.clone(), place: String::new() };
                    reading.missing(origin, problem.clone());
                }
            }
        }
        if let (true, Some((name, yaml))) = (self.sources.is_empty(), &self.built_in) {
            reading.add_document(Origin::BuiltIn { name: name.clone(), line: 1, column: 1 }, yaml);
        }
        reading.check_chosen();
        if let Some(ChosenProfile { origin, .. }) = blank {
            let problem = Problem::new("the variable is blank: no profile is chosen")
                .expected("the name of a profile")
                .hint("give it a name, or unset it");
            reading.findings.warn("", origin, problem);
        }
        reading.add_environment(&self.prefix, self.environment.clone());
        for text in &self.settings {
            let origin = Origin::Flag { text: format!("--set {text}") };
            if let Some((key, value)) = text.split_once('=') {
                reading.assign(origin, key, value);
            } else {
                let problem = Problem::new("`--set` without a value").expected("`--set KEY=VALUE`");
                let hint = "write the key path, `=` and the value: `--set runtime.strict=false`";
                reading.mistake("", origin, problem.hint(hint));
            }
        }
        for Flag { origin, key, value } in &self.flags {
            reading.assign(origin.clone(), key, value);
        }
        reading
    }
}

/// Returns whether a URL may begin with this.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

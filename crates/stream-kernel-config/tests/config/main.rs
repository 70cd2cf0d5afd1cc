//! The crate from outside, as an application uses it: layers, mistakes, decimals, and shown configurations.

mod any_type;
mod app;
mod blanks;
mod decimals;
mod directories;
mod layers;
mod limits;
mod list_items;
mod mistakes;
mod mistakes_across_layers;
mod mistakes_of_files;
mod mistakes_reported;
mod other_files;
mod profiles;
mod schema;
mod shapes;
mod shown;
mod sources;
mod spellings;
mod tagged_enums;

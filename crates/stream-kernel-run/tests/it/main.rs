//! What must hold of runs, whatever the application.

mod long_values;

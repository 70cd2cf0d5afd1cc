//! Tables that are readable as text and as Markdown.

/// Returns the table with aligned columns.
pub(crate) fn markdown<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let header = header.map(str::to_owned);
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().chain([&header]).map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    });
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!(" {cell:width$} "));
        format!("|{}|\n", cells.collect::<Vec<_>>().join("|"))
    };
    let rule: Vec<_> = widths.map(|width| "-".repeat(width + 2)).into();
    let rows: String = rows.iter().map(line).collect();
    format!("{}|{}|\n{rows}", line(&header), rule.join("|"))
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a step", "1.25"], ["b", "100"]].map(|row| row.map(str::to_owned));
        insta::assert_snapshot!(markdown(["what", "ns"], &rows), @r"
        | what   | ns   |
        |--------|------|
        | a step | 1.25 |
        | b      | 100  |
        ");
    }
}

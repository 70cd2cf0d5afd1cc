//! Tables of aligned columns.

/// A column: the alignment of its cells, and the text before each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Texts.
    Left(&'static str),
    /// Numbers.
    Right(&'static str),
}

/// Returns each row as a line without white space at its end, every column as wide as its widest cell.
///
/// No column is wider than `max_width`: a wider cell pushes the rest of its row aside. Widths are in characters.
///
/// ```
/// use stream_kernel_text::{Column, aligned};
///
/// let rows = [["parse", "12"], ["write", "7"]].map(|row| row.map(str::to_owned));
/// let lines: Vec<_> = aligned(&rows, [Column::Left("step "), Column::Right("  ")], usize::MAX).collect();
/// assert_eq!(lines, ["step parse  12", "step write   7"]);
/// ```
pub fn aligned<const N: usize>(
    rows: &[[String; N]],
    columns: [Column; N],
    max_width: usize,
) -> impl Iterator<Item = String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count().min(max_width)).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    rows.iter().map(move |row| {
        let cells = row.iter().zip(widths).zip(columns).map(|((cell, width), column)| match column {
            Column::Left(before) => format!("{before}{cell:width$}"),
            Column::Right(before) => format!("{before}{cell:>width$}"),
        });
        cells.collect::<String>().trim_end().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(rows: &[[&str; 3]], max_width: usize) -> Vec<String> {
        let rows: Vec<_> = rows.iter().map(|row| row.map(str::to_owned)).collect();
        aligned(&rows, [Column::Right(""), Column::Left("  "), Column::Right(" | ")], max_width).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        assert_eq!(lines(&[["1", "größer", "7"], ["10", "a", ""]], 10), [" 1  größer | 7", "10  a      |"]);
        assert_eq!(lines(&[], 10), [""; 0]);
    }

    #[test]
    fn a_wide_cell_pushes_the_rest_of_its_row_aside() {
        assert_eq!(
            lines(&[["1", "abc", "7"], ["1", "abcd", "8"], ["1", "a", "9"]], 3),
            ["1  abc | 7", "1  abcd | 8", "1  a   | 9"]
        );
    }
}

//! The page: a template, its style and script, and the data, which stays data.

use stream_kernel_text::escaped_json;

const TEMPLATE: &str = include_str!("report/page.html");
const STYLE: &str = include_str!("report/style.css");
const SCRIPT: &str = concat!(
    include_str!("report/elements.js"),
    include_str!("report/format.js"),
    include_str!("report/model.js"),
    include_str!("report/overview.js"),
    include_str!("report/changes.js"),
    include_str!("report/timeline.js"),
    include_str!("report/latency.js"),
    include_str!("report/ruler.js"),
    include_str!("report/waterfall.js"),
    include_str!("report/search.js"),
    include_str!("report/inputs.js"),
    include_str!("report/main.js"),
);

pub(super) fn html(data: &str) -> String {
    let page = TEMPLATE.replace("{{style}}", STYLE).replace("{{script}}", SCRIPT);
    // The data comes last, so that nothing in it is taken for a placeholder of the template.
    page.replacen("{{data}}", &embedded(data), 1)
}

/// Returns JSON for use in a page: these characters occur only in its texts, where an escape means the same.
fn embedded(json: &str) -> String {
    let mut embedded = String::with_capacity(json.len());
    for character in escaped_json(json).chars() {
        match character {
            '<' => embedded += "\\u003c",
            '>' => embedded += "\\u003e",
            '&' => embedded += "\\u0026",
            other => embedded.push(other),
        }
    }
    embedded
}

#[cfg(test)]
mod tests {
    use stream_kernel_text::needs_escape;

    use super::*;

    /// The page escapes the characters that `needs_escape` names.
    #[test]
    fn the_script_knows_the_characters_to_escape() {
        let all: Vec<u32> = ('\0'..=char::MAX).filter(|&c| needs_escape(c)).map(u32::from).collect();
        let ranges = all.chunk_by(|one, next| one + 1 == *next).map(|range| match range {
            [one] => format!("\\u{one:04x}"),
            [first, .., last] => format!("\\u{first:04x}-\\u{last:04x}"),
            [] => String::new(),
        });
        let class = ranges.collect::<String>();
        assert!(SCRIPT.contains(&format!("/[{class}]/g")), "{class}");
    }

    #[test]
    fn data_cannot_end_its_element_and_means_the_same() {
        let text = "</script><!-- & {{style}} \u{2028}\u{2029} é";
        let json = serde_json::to_string(text).unwrap();
        let page = html(&json);
        let (_, after) = page.split_once(r#"<script type="application/json" id="data">"#).unwrap();
        let (data, _) = after.split_once("</script>").unwrap();
        assert_eq!(serde_json::from_str::<String>(data).unwrap(), text);
        assert!(data.is_ascii() || data.contains('é'));
    }

    #[test]
    fn the_page_asks_nobody_for_anything() {
        let page = html("{}");
        for outside in [
            "transition",
            "animation",
            "smooth",
            "http:",
            "https:",
            " src=",
            "@import",
            "url(",
            "fetch(",
            "innerHTML",
        ] {
            let own = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!own.contains(outside), "{outside}");
        }
        assert!(!page.contains("{{"), "every place is filled");
    }
}

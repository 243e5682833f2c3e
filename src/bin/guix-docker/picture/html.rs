// SPDX-License-Identifier: GPL-3.0-or-later

//! A page of HTML with a map, facts and a table of all items.
//!
//! It is one file that loads nothing, and says so to the browser.  The script
//! makes the table one that can be sorted and searched; without it, all is
//! there, largest items first.  Of very many items the smallest are one row
//! below the table.

use std::fmt::Write;

use super::change::Change;
use super::text::{LINE_LENGTH, NAME_LENGTH, TITLE_LENGTH, escape, escape_up_to, without_head};
use super::totals::Totals;
use super::words::{count, number, share, size_in_words};
use super::{Facts, Item, Map, legend, svg};

/// Maximum number of items in the table, and length of the table in bytes.
const MOST_ITEMS: usize = 10_000;
const TABLE_LENGTH: usize = 16 << 20;
/// Maximum length of a fact in bytes, before characters are spelled.
const FACT_LENGTH: usize = 16 << 10;
/// Tables of more facts are closed at first.
const MANY_FACTS: usize = 12;

/// The map, the facts and a table of all items, as one page.
pub fn html(map: &Map, facts: &[Facts]) -> String {
    let totals = Totals::new(map);
    let mut out = String::new();
    head(&mut out, map);
    let _ = writeln!(
        out,
        r#"<header>
<h1>{}</h1>
<p>{}</p>
<p>{} in {}</p>
</header>
<main>
<div class="wide" role="region" aria-label="Map" tabindex="0">
{}</div>"#,
        escape_up_to(&map.title, TITLE_LENGTH),
        escape_up_to(&map.subtitle, TITLE_LENGTH),
        totals.words(),
        legend::amounts(map.layers_left(), &totals),
        svg::draw(map, false)
    );
    if !facts.is_empty() {
        out.push_str("<div class=\"facts\">\n");
        for facts in facts {
            table_of_facts(&mut out, facts);
        }
        out.push_str("</div>\n");
    }
    table_of_items(&mut out, map, &totals);
    let script = without_head(include_str!("page.js"));
    let _ = write!(
        out,
        "</main>\n<script>\n{script}</script>\n</body>\n</html>\n"
    );
    out
}

fn head(out: &mut String, map: &Map) {
    let style = without_head(include_str!("page.css"));
    let _ = write!(
        out,
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{}</title>
<style>
{style}</style>
</head>
<body>
"#,
        escape_up_to(&map.title, TITLE_LENGTH)
    );
}

fn table_of_facts(out: &mut String, facts: &Facts) {
    let open = if facts.rows.len() > MANY_FACTS {
        ""
    } else {
        " open"
    };
    let _ = writeln!(
        out,
        "<details{open}>\n<summary><h2>{}</h2></summary>\n<table>",
        escape_up_to(&facts.heading, NAME_LENGTH)
    );
    for (name, value) in &facts.rows {
        let name = escape_up_to(name, NAME_LENGTH);
        let value = escape_up_to(value, FACT_LENGTH);
        let _ = writeln!(
            out,
            r#"<tr><th scope="row">{name}</th><td>{value}</td></tr>"#
        );
    }
    if facts.left_out > 0 {
        let more = number(facts.left_out);
        let _ = writeln!(out, r#"<tr><th scope="row">{more} more</th><td></td></tr>"#);
    }
    out.push_str("</table>\n</details>\n");
}

fn table_of_items(out: &mut String, map: &Map, totals: &Totals) {
    let change = if totals.compared {
        "<th scope=\"col\">Change</th>"
    } else {
        ""
    };
    let _ = write!(
        out,
        r#"<section class="items" aria-labelledby="items">
<h2 id="items">Items</h2>
<div class="search" hidden>
<label for="search">Search</label>
<input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="shown">
</div>
<p id="shown" role="status">{}</p>
<div class="wide" role="region" aria-labelledby="items" tabindex="0">
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Layer</th><th scope="col" class="number" aria-sort="descending">Size</th><th scope="col" class="number">Share</th>{change}</tr></thead>
<tbody>
"#,
        count(totals.items, "item")
    );
    let mut items: Vec<(usize, &Item)> = Vec::new();
    for (index, layer) in map.layers.iter().enumerate() {
        items.extend(layer.items.iter().map(|item| (index, item)));
    }
    items.sort_by_key(|(_, item)| std::cmp::Reverse(item.size));
    let end = out.len() + TABLE_LENGTH;
    let mut shown = 0;
    for (layer, item) in items.iter().take(MOST_ITEMS) {
        if out.len() >= end {
            break;
        }
        row(out, map, totals, *layer, item);
        shown += 1;
    }
    out.push_str("</tbody>\n");
    if shown < items.len() {
        rest(out, totals, &items[shown..]);
    }
    out.push_str("</table>\n</div>\n</section>\n");
}

/// The row of the items that have none.
fn rest(out: &mut String, totals: &Totals, items: &[(usize, &Item)]) {
    let size = items
        .iter()
        .fold(0, |sum: u64, (_, item)| sum.saturating_add(item.size));
    let change = if totals.compared { "<td></td>" } else { "" };
    let _ = writeln!(
        out,
        r#"<tfoot><tr><td><b>{}</b>, each at most {}</td><td></td><td class="number">{}</td><td></td>{change}</tr></tfoot>"#,
        count(items.len(), "more item"),
        size_in_words(items.first().map_or(0, |(_, item)| item.size)),
        size_in_words(size)
    );
}

fn row(out: &mut String, map: &Map, totals: &Totals, layer: usize, item: &Item) {
    let (share, of_all) = match item.change {
        Change::Removed => ("–".into(), 0),
        _ => (escape(&share(item.size, totals.size)), item.size),
    };
    let _ = write!(
        out,
        r#"<tr><td><b>{}</b> <span>{}</span></td><td data-value="{layer}">{}</td><td class="number" data-value="{}">{}</td><td class="number" data-value="{of_all}">{share}</td>"#,
        escape_up_to(&item.name, LINE_LENGTH),
        escape_up_to(&item.path, LINE_LENGTH),
        escape_up_to(&map.layers[layer].name, NAME_LENGTH),
        item.size,
        size_in_words(item.size)
    );
    if totals.compared {
        let kind = item.change.kind();
        let mark = kind.mark().unwrap_or(' ');
        let _ = write!(
            out,
            r#"<td data-value="{}"><span class="mark {}">{mark}</span> {}</td>"#,
            kind as usize,
            kind.word(),
            item.change.words()
        );
    }
    out.push_str("</tr>\n");
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn facts(rows: usize) -> Facts {
        Facts {
            heading: "Configuration".into(),
            rows: (0..rows)
                .map(|row| (format!("name-{row}"), format!("<value-{row}>")))
                .collect(),
            left_out: 0,
        }
    }

    #[test]
    fn all_items_and_facts_are_in_it() {
        let map = samples::map(vec![
            samples::items(1000, |_| Change::None),
            samples::items(1000, |_| Change::None),
        ]);
        let page = html(&map, &[facts(3)]);
        assert_eq!(page.matches("<tr><td>").count(), 2000);
        assert!(page.contains("<h2>Configuration</h2>"));
        assert!(page.contains(r#"<th scope="row">name-2</th><td>&lt;value-2&gt;</td>"#));
        assert!(!page.contains(">Change</th>"));
        assert!(page.contains("<details open>"));
        assert!(html(&map, &[facts(100)]).contains("<details>"));
    }

    #[test]
    fn items_are_in_the_order_of_their_sizes() {
        let map = samples::map(vec![
            vec![samples::item("small", 5, Change::None)],
            vec![samples::item("large", 50, Change::None)],
        ]);
        let page = html(&map, &[]);
        assert!(page.find("<b>large</b>") < page.find("<b>small</b>"));
        assert!(page.contains(r#"data-value="50">90.9 %<"#));
        let map = samples::map(vec![vec![
            samples::item("large", 1 << 40, Change::None),
            samples::item("small", 1, Change::None),
        ]]);
        assert!(html(&map, &[]).contains(">&lt; 0.1 %</td>"));
    }

    #[test]
    fn changes_are_a_column() {
        let map = samples::map(vec![vec![
            samples::item("a", 1000, Change::Removed),
            samples::item("b", 1000, Change::Resized { before: 2000 }),
        ]]);
        let page = html(&map, &[]);
        assert!(page.contains(">Change</th>"));
        assert!(page.contains(r#"data-value="0">–</td>"#));
        assert!(page.contains(r#"<span class="mark removed">−</span> removed"#));
        assert!(page.contains(r#"<span class="mark resized">±</span> resized, was 2 kB"#));
    }

    #[test]
    fn names_are_text_and_not_markup() {
        let bad = "</script><img src=x onerror=alert(1)>\"'&";
        let mut map = samples::map(vec![vec![samples::item(bad, 1, Change::Added)]]);
        map.title = bad.into();
        map.subtitle = bad.into();
        map.layers[0].name = bad.into();
        let facts = Facts {
            heading: bad.into(),
            rows: vec![(bad.into(), bad.into())],
            left_out: 0,
        };
        let page = html(&map, &[facts]);
        assert!(!page.contains("<img"));
        assert_eq!(page.matches("</script>").count(), 1);
    }

    #[test]
    fn pages_have_a_limited_size() {
        let mut items: Vec<_> = (0..30_000)
            .map(|_| samples::item("an-item-1.0", 1000, Change::Added))
            .collect();
        items.push(samples::item("large", 5000, Change::Same));
        let page = html(&samples::map(vec![items]), &[]);
        assert!(page.len() < 6 << 20, "{}", page.len());
        assert_eq!(page.matches("<tr><td><b>an-item").count(), MOST_ITEMS - 1);
        assert!(page.contains("<b>20,001 more items</b>, each at most 1 kB<"));
        assert!(page.contains(r#"<td class="number">20 MB</td><td></td><td></td></tr></tfoot>"#));
        let name = "a-\u{202e}".repeat(1 << 18);
        let items = vec![samples::item(&name, 1, Change::None); 20];
        let mut facts = facts(2);
        facts.rows[0] = (name.clone(), name.clone());
        facts.left_out = 1234;
        let page = html(&samples::map(vec![items]), &[facts]);
        assert!(page.len() < 200_000, "{}", page.len());
        assert!(page.contains(">1,234 more<"));
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        let page = html(
            &samples::map(vec![samples::items(9, samples::changes)]),
            &[],
        );
        assert!(
            !page
                .replace("http://www.w3.org/2000/svg", "")
                .contains("://")
        );
        for reference in [" src=", " href=", "@import"] {
            assert!(!page.contains(reference), "{reference}");
        }
    }

    #[test]
    fn an_image_may_be_empty() {
        let page = html(&samples::map(vec![]), &[]);
        assert!(page.contains(">0 items<"));
    }
}

//! Pages by keyset, orders, and CSV.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    bed::{Bed, VIEW, header, keys, problem_code},
    writer::{Cell, cell, gone},
};

fn five() -> Vec<Cell> {
    [("P1", 30), ("P2", 10), ("P3", 50), ("P4", 10), ("P5", 20)]
        .map(|(product, units)| cell(product, units))
        .into()
}

fn products(answer: &Value) -> String {
    keys(answer)
        .iter()
        .map(|key| key.split('|').nth(1).unwrap().to_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn pages_follow_each_other_whatever_is_removed_meanwhile() {
    let mut bed = Bed::new().await;
    bed.writer.write(&five()).await;
    let first = bed.answer("limit=2").await;
    assert_eq!(products(&first), "P1 P2");
    bed.writer.write(&[gone("P2")]).await;
    bed.answer_now("").await;
    let second = bed
        .answer(&format!("limit=2&next={}", first["next"].as_str().unwrap()))
        .await;
    assert_eq!(products(&second), "P3 P4");
    let third = bed
        .answer(&format!("limit=2&next={}", second["next"].as_str().unwrap()))
        .await;
    assert_eq!((products(&third).as_str(), &third["next"]), ("P5", &json!(null)));
    bed.end().await;
}

#[tokio::test]
async fn rows_are_sorted_by_a_column_then_by_key_over_pages() {
    let mut bed = Bed::new().await;
    bed.writer.write(&five()).await;
    for (sort, expected) in [
        ("units_sold", "P2 P4 P5 P1 P3"),
        ("-units_sold", "P3 P1 P5 P2 P4"),
    ] {
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = bed.answer(&format!("sort={sort}&limit=2{next}")).await;
            seen.push(products(&page));
            let Some(cursor) = page["next"].as_str() else {
                break;
            };
            next = format!("&next={cursor}");
        }
        assert_eq!(seen.join(" "), expected);
    }
    bed.end().await;
}

#[tokio::test]
async fn a_link_leads_to_the_next_page() {
    let mut bed = Bed::new().await;
    bed.writer.write(&five()).await;
    let first = bed
        .get_with(&format!("/v1/views/{VIEW}?limit=3&sort=-units_sold"), &[])
        .await;
    let link = header(&first, "link").to_owned();
    let path = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    assert!(link.ends_with("rel=\"next\""), "{link}");
    let (status, second) = bed.get(path).await;
    assert_eq!((status, products(&second).as_str()), (StatusCode::OK, "P2 P4"));
    bed.end().await;
}

#[tokio::test]
async fn a_cursor_on_a_row_that_left_a_ranking_is_gone() {
    let mut bed = Bed::new().await;
    bed.writer.write(&five()).await;
    let first = bed.answer("top=5&limit=1").await;
    bed.writer.write(&[gone("P3")]).await;
    bed.answer_now("top=5").await;
    let next = first["next"].as_str().unwrap();
    let (status, problem) = bed
        .get(&format!("/v1/views/{VIEW}?top=5&limit=1&next={next}"))
        .await;
    assert_eq!(
        (status, problem_code(&problem)),
        (StatusCode::GONE, "cursor-gone")
    );
    bed.end().await;
}

#[tokio::test]
async fn csv_holds_what_the_answer_holds() {
    let mut bed = Bed::new().await;
    bed.writer.write(&[cell("-cmd", 3), cell("P2", -5)]).await;
    let path = format!("/v1/views/{VIEW}?at=2026-03-01");
    let response = bed.get_with(&path, &[("accept", "text/csv")]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(header(&response, "content-type").starts_with("text/csv"));
    assert_eq!(header(&response, "view-position"), "k3f9.000000000001");
    assert!(header(&response, "content-disposition").contains("sales-volume-k3f9.000000000001.csv"));
    assert!(header(&response, "view-parameters").contains("from=2026-03-01"));
    let text = response.text().await.unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(
        lines[0].starts_with("key,attribution,product_id,business_date,hour"),
        "{text}"
    );
    assert!(
        lines[1].contains(",'-cmd,"),
        "text that looks like a formula is guarded: {text}"
    );
    assert!(lines[2].contains(",-5,"), "numbers stay numbers: {text}");
    bed.end().await;
}

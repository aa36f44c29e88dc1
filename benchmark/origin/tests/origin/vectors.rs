//! The golden vectors, as the origin serves them.

use serde_json::Value;

use crate::client::Origin;

#[test]
fn objects_and_documents_are_those_of_the_vectors() {
    let vectors: Value = serde_json::from_str(include_str!("../../../protocol/vectors.json")).unwrap();
    let origin = Origin::start();
    origin.announce("r", |contract| (contract.objects, contract.object_size) = (64, 1 << 41), &[]);
    let mut client = origin.connect();
    let mut seen = 0;
    for piece in vectors["content"].as_array().unwrap() {
        let (key, offset) = (piece["key"].as_str().unwrap(), piece["offset"].as_u64().unwrap());
        let range = format!("Range: bytes={offset}-{}\r\n", offset + 15);
        let response = client.get(&format!("/r/{}", key.replace(' ', "%20")), &range).unwrap();
        if response.status == 206 {
            let hex: String = response.body.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(piece["hex"], hex, "{key} at {offset}");
            seen += 1;
        }
    }
    assert_eq!(seen, 3, "all but the one key that is none of the run's");
    for document in vectors["documents"].as_array().unwrap() {
        let response = client.get(&format!("/r/api/{}", document["id"]), "").unwrap();
        assert_eq!(document["text"], response.text());
    }
}

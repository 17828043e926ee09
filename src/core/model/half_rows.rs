//! Rows of numbers as Base64 of 16-bit floats, little-endian: a sixth of their size as decimal
//! text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use half::f16;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

pub fn serialize<S: Serializer>(rows: &[Vec<f32>], serializer: S) -> Result<S::Ok, S::Error> {
    let bytes = |row: &Vec<f32>| {
        row.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect::<Vec<u8>>()
    };
    serializer.collect_seq(rows.iter().map(|row| STANDARD.encode(bytes(row))))
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<f32>>, D::Error> {
    let rows = Vec::<String>::deserialize(deserializer)?;
    let row = |text: &String| {
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(D::Error::custom("a row ends within a number"));
        }
        Ok(pairs.iter().map(|&pair| f16::from_le_bytes(pair).to_f32()).collect())
    };
    rows.iter().map(row).collect()
}

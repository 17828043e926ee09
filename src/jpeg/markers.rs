//! What the segments before the scan say (ITU-T T.81, annex B).

use crate::huffman::{AcTable, DcTable};

pub const END_OF_IMAGE: u8 = 0xD9;
const START_OF_IMAGE: u8 = 0xD8;

/// Place in a block, row after row, of the coefficient that is coded as the k-th.
pub const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// What the file says of one component.
#[derive(Clone, Copy, Debug, Default)]
pub struct Component {
    id: u8,
    /// Blocks in a unit: across, down.
    pub blocks: (usize, usize),
    quantization: usize,
    dc: usize,
    ac: usize,
}

/// All that decoding needs besides the stream.
#[derive(Debug, Default)]
pub struct Headers {
    pub width: usize,
    pub height: usize,
    pub components: Vec<Component>,
    /// Units in the picture: across, down.
    pub units: (usize, usize),
    /// Units between two restart markers; 0 for none.
    pub restart_interval: usize,
    quantizations: [Option<[u16; 64]>; 4],
    dc_tables: [Option<DcTable>; 4],
    ac_tables: [Option<AcTable>; 4],
    has_jfif: bool,
    has_adobe: bool,
}

/// Reads all segments up to the scan; also returns the bytes behind its header.
pub fn read(bytes: &[u8]) -> Option<(Headers, &[u8])> {
    let mut headers = Headers::default();
    let mut rest = bytes.strip_prefix(&[0xFF, START_OF_IMAGE])?;
    loop {
        let (&[0xFF, marker], after) = rest.split_first_chunk::<2>()? else { return None };
        if marker == 0xFF {
            // A byte that fills.
            rest = &rest[1..];
            continue;
        }
        let length = usize::from(u16_at(after, 0)?);
        let segment = after.get(2..length)?;
        rest = &after[length..];
        match marker {
            0xC0 | 0xC1 => headers.frame(segment)?,
            0xC4 => headers.huffman_tables(segment)?,
            0xC2..=0xCF => return None,
            0xDB => headers.quantization_tables(segment)?,
            0xDD => headers.restart_interval = u16_at(segment, 0)?.into(),
            0xE0 => headers.has_jfif |= segment.starts_with(b"JFIF\0"),
            0xEE if segment.starts_with(b"Adobe") => {
                headers.has_adobe = true;
                // The transform: 0 would be RGB, 2 inks.
                (segment.get(11) == Some(&1)).then_some(())?;
            }
            0xDA => return headers.scan(segment).map(|()| (headers, rest)),
            _ => {}
        }
    }
}

impl Headers {
    /// Pixels of a unit: across, down.
    pub fn unit(&self) -> (usize, usize) {
        let (across, down) = self.components[0].blocks;
        (8 * across, 8 * down)
    }

    /// Intervals between restart markers that the stream has.
    pub fn intervals(&self) -> usize {
        let units = self.units.0 * self.units.1;
        units
            .checked_div(self.restart_interval)
            .map_or(1, |_| units.div_ceil(self.restart_interval))
    }

    /// Quantization steps of a component, row after row.
    pub fn quantization(&self, component: &Component) -> Option<&[u16; 64]> {
        self.quantizations[component.quantization].as_ref()
    }

    /// The codes of a component.
    pub fn tables(&self, component: &Component) -> Option<(&DcTable, &AcTable)> {
        Some((self.dc_tables[component.dc].as_ref()?, self.ac_tables[component.ac].as_ref()?))
    }

    /// `SOF0`, `SOF1`: precision, height, width, components as (id, sampling, table).
    fn frame(&mut self, segment: &[u8]) -> Option<()> {
        let &[8, h1, h0, w1, w0, count @ (1 | 3), ref described @ ..] = segment else {
            return None;
        };
        (self.components.is_empty() && described.len() == 3 * usize::from(count)).then_some(())?;
        self.width = u16::from_be_bytes([w1, w0]).into();
        self.height = u16::from_be_bytes([h1, h0]).into();
        (self.width > 0 && self.height > 0).then_some(())?;
        for &[id, sampling, table] in described.as_chunks::<3>().0 {
            let blocks = match count {
                // A single component has no partner that its sampling could be relative to.
                1 => (1, 1),
                _ => (usize::from(sampling >> 4), usize::from(sampling & 15)),
            };
            let quantization = usize::from(table);
            (quantization < self.quantizations.len()).then_some(())?;
            self.components.push(Component { id, blocks, quantization, ..Component::default() });
        }
        let (across, down) = self.components[0].blocks;
        let chromas = &self.components[1..];
        let is_usual = matches!((across, down), (1 | 2, 1 | 2))
            && chromas.iter().all(|chroma| chroma.blocks == (1, 1));
        is_usual.then_some(())?;
        self.units = (self.width.div_ceil(8 * across), self.height.div_ceil(8 * down));
        Some(())
    }

    /// `DQT`: tables as (width of numbers and number of the table, 64 numbers).
    fn quantization_tables(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&head, values)) = segment.split_first() {
            let bytes = match head >> 4 {
                0 => 64,
                1 => 128,
                _ => return None,
            };
            let (values, rest) = values.split_at_checked(bytes)?;
            let mut steps = [0; 64];
            for (k, &place) in ZIGZAG.iter().enumerate() {
                steps[usize::from(place)] =
                    if bytes == 64 { values[k].into() } else { u16_at(values, 2 * k)? };
            }
            *self.quantizations.get_mut(usize::from(head & 15))? = Some(steps);
            segment = rest;
        }
        Some(())
    }

    /// `DHT`: tables as (kind and number of the table, 16 counts of codes, symbols).
    fn huffman_tables(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&head, described)) = segment.split_first() {
            let (counts, rest) = described.split_first_chunk::<16>()?;
            let count: usize = counts.iter().copied().map(usize::from).sum();
            let (symbols, rest) = rest.split_at_checked(count)?;
            let number = usize::from(head & 15);
            match head >> 4 {
                0 => *self.dc_tables.get_mut(number)? = Some(DcTable::new(counts, symbols)?),
                1 => *self.ac_tables.get_mut(number)? = Some(AcTable::new(counts, symbols)?),
                _ => return None,
            }
            segment = rest;
        }
        Some(())
    }

    /// `SOS`: components as (id, tables), then the frequencies, which are all.
    fn scan(&mut self, segment: &[u8]) -> Option<()> {
        let (&count, described) = segment.split_first()?;
        let is_whole = usize::from(count) == self.components.len() && count > 0;
        let (named, frequencies) = described.split_at_checked(2 * usize::from(count))?;
        (is_whole && frequencies == [0, 63, 0]).then_some(())?;
        for (component, &[id, tables]) in self.components.iter_mut().zip(named.as_chunks::<2>().0) {
            (component.id == id).then_some(())?;
            (component.dc, component.ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            (component.dc < 4 && component.ac < 4).then_some(())?;
        }
        for component in &self.components {
            self.tables(component)?;
            self.quantization(component)?;
        }
        // What decoders take for RGB, where nothing says what the colors are.
        let ids: Vec<u8> = self.components.iter().map(|component| component.id).collect();
        (ids != *b"RGB" || self.has_jfif || self.has_adobe).then_some(())
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|&pair| u16::from_be_bytes(pair))
}

//! A baseline JPEG encoder (ITU-T T.81) for files that no ordinary encoder writes: any sampling,
//! any grouping of components into scans, any markers.

use image::RgbImage;

/// How a JPEG is built.
pub struct OddJpeg<'a> {
    /// Sampling factors (across, down) of luma and both chromas; of red, green and blue without
    /// `transform`.
    pub samplings: [(usize, usize); 3],
    /// Which components each scan holds.
    pub scans: &'a [&'a [usize]],
    /// Units between restart markers; 0 for none.
    pub restart: usize,
    /// Whether colors are stored as luma and chroma.
    pub transform: bool,
    /// Whether the tables of codes are in the file; cameras leave them out when they are the usual
    /// ones.
    pub tables: bool,
    /// Segments that follow the start of the image.
    pub markers: Vec<u8>,
}

impl Default for OddJpeg<'_> {
    fn default() -> Self {
        let samplings = [(1, 1); 3];
        Self {
            samplings,
            scans: &[&[0, 1, 2]],
            restart: 0,
            transform: true,
            tables: true,
            markers: jfif(),
        }
    }
}

/// The segment that says that colors are luma and chroma.
pub fn jfif() -> Vec<u8> {
    segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
}

/// Adobe's segment with this transform: 0 for RGB, 1 for luma and chroma.
pub fn adobe(transform: u8) -> Vec<u8> {
    segment(0xEE, &[&b"Adobe\0\x64\0\0\0\0"[..], &[transform]].concat())
}

/// A marker, its length and its payload.
pub fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).expect("a short segment");
    [&[0xFF, marker][..], &length.to_be_bytes(), payload].concat()
}

/// All coefficients are divided by this.
const STEP: f32 = 4.0;

const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Table K.3: how many codes have each length; the values are 0 to 11.
const DC_LENGTHS: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
/// Table K.5.
const AC_LENGTHS: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125];
const AC_VALUES: &[u8; 162] = b"\
    \x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08\x23\x42\xb1\xc1\x15\x52\xd1\
    \xf0\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\
    \x48\x49\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\
    \x87\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\
    \xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\
    \xf4\xf5\xf6\xf7\xf8\xf9\xfa";

impl OddJpeg<'_> {
    /// The file.
    pub fn encode(&self, picture: &RgbImage) -> Vec<u8> {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let across = self.samplings.iter().map(|entry| entry.0).max().unwrap();
        let down = self.samplings.iter().map(|entry| entry.1).max().unwrap();
        let units = (width.div_ceil(8 * across), height.div_ceil(8 * down));
        let planes: Vec<Plane> =
            (0..3).map(|index| self.plane(picture, index, (across, down), units)).collect();

        let mut file = [&[0xFF, 0xD8][..], &self.markers].concat();
        file.extend(segment(0xDB, &[&[0][..], &[STEP as u8; 64]].concat()));
        let size = [(height as u16).to_be_bytes(), (width as u16).to_be_bytes()].concat();
        let mut frame = [&[8][..], &size, &[3]].concat();
        for (index, (h, v)) in self.samplings.into_iter().enumerate() {
            frame.extend([index as u8 + 1, (h << 4 | v) as u8, 0]);
        }
        file.extend(segment(0xC0, &frame));
        if self.tables {
            file.extend(segment(
                0xC4,
                &[&[0][..], &DC_LENGTHS, &(0..12).collect::<Vec<u8>>()].concat(),
            ));
            file.extend(segment(0xC4, &[&[0x10][..], &AC_LENGTHS, AC_VALUES].concat()));
        }
        if self.restart > 0 {
            file.extend(segment(0xDD, &(self.restart as u16).to_be_bytes()));
        }
        for scan in self.scans {
            let mut header = vec![scan.len() as u8];
            header.extend(scan.iter().flat_map(|index| [*index as u8 + 1, 0]));
            header.extend([0, 63, 0]);
            file.extend(segment(0xDA, &header));
            self.scan(&mut file, &planes, scan, units);
        }
        file.extend([0xFF, 0xD9]);
        file
    }

    /// A component, shrunk by averages and padded to whole units.
    fn plane(
        &self,
        picture: &RgbImage,
        index: usize,
        most: (usize, usize),
        units: (usize, usize),
    ) -> Plane {
        let (h, v) = self.samplings[index];
        let value = |x: usize, y: usize| {
            let (x, y) =
                (x.min(picture.width() as usize - 1), y.min(picture.height() as usize - 1));
            let [r, g, b] = picture.get_pixel(x as u32, y as u32).0.map(f32::from);
            match (self.transform, index) {
                (false, _) => [r, g, b][index],
                (true, 0) => 0.299 * r + 0.587 * g + 0.114 * b,
                (true, 1) => 128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b,
                (true, _) => 128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b,
            }
        };
        let (width, height) = (8 * units.0 * h, 8 * units.1 * v);
        let sample = |at: usize| {
            // Where a sample of this component lies in pixels; what it averages may be parts of
            // pixels.
            let (x, y) = (at % width, at / width);
            let of = |place: usize, factor: usize, most: usize| {
                let (from, to) = (place * most / factor, ((place + 1) * most).div_ceil(factor));
                from..to.max(from + 1)
            };
            let places = of(y, v, most.1).flat_map(|y| of(x, h, most.0).map(move |x| (x, y)));
            let values: Vec<f32> = places.map(|(x, y)| value(x, y)).collect();
            values.iter().sum::<f32>() / values.len() as f32 - 128.0
        };
        let samples: Vec<f32> = (0..width * height).map(sample).collect();
        // Blocks beyond the component's own size are in its scan only where it is not alone there.
        let own = (picture.width() as usize * h).div_ceil(most.0).div_ceil(8);
        let own = (own, (picture.height() as usize * v).div_ceil(most.1).div_ceil(8));
        Plane { samples, width, sampling: (h, v), own }
    }

    fn scan(&self, file: &mut Vec<u8>, planes: &[Plane], scan: &[usize], units: (usize, usize)) {
        let (columns, rows) = if let [alone] = scan { planes[*alone].own } else { units };
        let mut bits = Bits { file, left: 0, count: 0 };
        let mut before = [0; 3];
        for unit in 0..columns * rows {
            if self.restart > 0 && unit > 0 && unit % self.restart == 0 {
                bits.pad();
                bits.file.extend([0xFF, 0xD0 + (unit / self.restart - 1) as u8 % 8]);
                before = [0; 3];
            }
            let (column, row) = (unit % columns, unit / columns);
            for &index in scan {
                let plane = &planes[index];
                let (h, v) = if scan.len() == 1 { (1, 1) } else { plane.sampling };
                for (y, x) in (0..v).flat_map(|y| (0..h).map(move |x| (y, x))) {
                    bits.block(&plane.block(column * h + x, row * v + y), &mut before[index]);
                }
            }
        }
        bits.pad();
    }
}

struct Plane {
    samples: Vec<f32>,
    width: usize,
    sampling: (usize, usize),
    /// Blocks across and down that hold pixels.
    own: (usize, usize),
}

impl Plane {
    /// The coefficients of a block, in zigzag order.
    fn block(&self, column: usize, row: usize) -> [i32; 64] {
        let sample = |x: usize, y: usize| self.samples[(8 * row + y) * self.width + 8 * column + x];
        let wave = |at: usize, k: usize| {
            ((2 * at + 1) as f32 * k as f32 * std::f32::consts::PI / 16.0).cos()
        };
        let scale = |k: usize| if k == 0 { std::f32::consts::FRAC_1_SQRT_2 } else { 1.0 };
        let coefficient = |place: usize| {
            let (u, v) = (place % 8, place / 8);
            let sum: f32 =
                (0..64).map(|at| sample(at % 8, at / 8) * wave(at % 8, u) * wave(at / 8, v)).sum();
            (sum * scale(u) * scale(v) / 4.0 / STEP).round() as i32
        };
        ZIGZAG.map(coefficient)
    }
}

struct Bits<'a> {
    file: &'a mut Vec<u8>,
    left: u32,
    count: u32,
}

impl Bits<'_> {
    fn put(&mut self, bits: u32, count: u32) {
        for at in (0..count).rev() {
            self.left = self.left << 1 | bits >> at & 1;
            self.count += 1;
            if self.count == 8 {
                self.file.push(self.left as u8);
                if self.left == 0xFF {
                    self.file.push(0);
                }
                (self.left, self.count) = (0, 0);
            }
        }
    }

    /// Fills the last byte with ones.
    fn pad(&mut self) {
        while self.count > 0 {
            self.put(1, 1);
        }
    }

    /// A code of a table by its lengths and values.
    fn code(&mut self, lengths: &[u8; 16], values: &[u8], value: u8) {
        let place = values.iter().position(|entry| *entry == value).expect("a value of the table");
        let (mut code, mut begun) = (0, 0);
        for (length, count) in (1..).zip(lengths) {
            let count = usize::from(*count);
            if place < begun + count {
                self.put(code + (place - begun) as u32, length);
                return;
            }
            code = (code + count as u32) << 1;
            begun += count;
        }
    }

    /// The bits of a value whose number of bits is known.
    fn value(&mut self, value: i32, bits: u32) {
        let stored = if value < 0 { value + (1 << bits) - 1 } else { value };
        self.put(stored as u32, bits);
    }

    fn block(&mut self, coefficients: &[i32; 64], before: &mut i32) {
        const DC_VALUES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
        let bits_of = |value: i32| 32 - value.unsigned_abs().leading_zeros();
        let difference = coefficients[0] - std::mem::replace(before, coefficients[0]);
        self.code(&DC_LENGTHS, &DC_VALUES, bits_of(difference) as u8);
        self.value(difference, bits_of(difference));
        let mut zeros = 0;
        for &coefficient in &coefficients[1..] {
            if coefficient == 0 {
                zeros += 1;
                continue;
            }
            for _ in 0..zeros / 16 {
                self.code(&AC_LENGTHS, AC_VALUES, 0xF0);
            }
            self.code(&AC_LENGTHS, AC_VALUES, (zeros % 16) << 4 | bits_of(coefficient) as u8);
            self.value(coefficient, bits_of(coefficient));
            zeros = 0;
        }
        if zeros > 0 {
            self.code(&AC_LENGTHS, AC_VALUES, 0);
        }
    }
}

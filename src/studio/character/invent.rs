//! Invents characters.

use rand::{Rng, RngExt as _};

use super::{
    Bottom, Character, Clothes, Crest, Cut, EarKind, Ears, Ends, EyeShape, Eyes, Fade, Fringe,
    Garment, Hair, Hat, HatKind, Locks, Mark, MarkKind, Neckwear, NeckwearKind, Ornament,
    OrnamentKind, Side, Sleeves, Tail, TailKind, WingKind, Wings,
};
use crate::color::Color;
use crate::random::Dice;

/// Characters that share this much or more with a known one are too like it to be an unknown.
const TOO_ALIKE: f32 = 0.6;
/// Share of unknowns that start from a known character rather than from nothing.
const LOOKALIKES: f32 = 0.5;

/// A random character: every part and color by chance.
#[must_use]
pub fn random_character(rng: &mut (impl Rng + ?Sized)) -> Character {
    invent(rng)
}

/// A character who is none of `known`: an unknown for the classifier.
///
/// Half are random through and through; the other half start from one of `known` and take some of
/// its parts from elsewhere, since it is the half-alike who are taken for a friend.
#[must_use]
pub fn unknown_character(known: &[Character], rng: &mut (impl Rng + ?Sized)) -> Character {
    loop {
        let mut character = invent(rng);
        if !known.is_empty() && rng.chance(LOOKALIKES) {
            borrow(&mut character, &known[rng.random_range(0..known.len())], rng);
        }
        if known.iter().all(|friend| likeness(&character, friend) < TOO_ALIKE) {
            return character;
        }
    }
}

/// Gives `character` about half of the parts of `from`.
fn borrow(character: &mut Character, from: &Character, rng: &mut (impl Rng + ?Sized)) {
    let invented = character.hair.clone();
    if rng.chance(0.5) {
        character.hair = Hair { marks: invented.marks.clone(), ..from.hair.clone() };
    }
    if rng.chance(0.5) {
        // The same shape in another color, or the other way round.
        (character.hair.color, character.hair.tips, character.hair.fringe_fade) = if rng.chance(0.5)
        {
            (from.hair.color, from.hair.tips, from.hair.fringe_fade)
        } else {
            (invented.color, invented.tips, invented.fringe_fade)
        };
    }
    if rng.chance(0.4) {
        character.hair.marks.clone_from(&from.hair.marks);
    }
    if rng.chance(0.4) {
        (character.ears, character.wings, character.crest) = (from.ears, from.wings, from.crest);
        character.hat.clone_from(&from.hat);
    }
    if rng.chance(0.5) {
        character.neck.clone_from(&from.neck);
        character.ornaments.clone_from(&from.ornaments);
    }
    if rng.chance(0.5) {
        (character.clothes, character.tail) = (from.clothes, from.tail);
    }
    if rng.chance(0.5) {
        (character.eyes, character.skin) = (from.eyes, from.skin);
    }
}

/// How much of what one is recognised by two characters share, `0..=1`: hair color, headgear, cut
/// and marks.
fn likeness(a: &Character, b: &Character) -> f32 {
    let near = |a: Color, b: Color| 1.0 - (a.distance(b) / 0.5).min(1.0);
    let same = |same: bool| if same { 1.0 } else { 0.0 };
    let ears = |character: &Character| character.ears.map_or(EarKind::Human, |ears| ears.kind);
    let headgear = |character: &Character| {
        (
            ears(character),
            character.wings.map(|wings| wings.kind),
            character.hat.as_ref().map(|hat| hat.kind),
        )
    };
    let marks = |character: &Character| {
        character.hair.marks.iter().map(|mark| mark.kind).collect::<Vec<_>>()
    };
    let hair = (a.hair.cut, a.hair.fringe) == (b.hair.cut, b.hair.fringe);
    0.4 * near(a.hair.color, b.hair.color)
        + 0.35 * same(headgear(a) == headgear(b))
        + 0.15 * same(hair)
        + 0.1 * same(marks(a) == marks(b))
}

const NATURAL_HAIR: [Color; 12] = [
    Color::new(0.11, 0.10, 0.12),
    Color::new(0.17, 0.14, 0.13),
    Color::new(0.29, 0.20, 0.14),
    Color::new(0.42, 0.27, 0.15),
    Color::new(0.66, 0.44, 0.18),
    Color::new(0.88, 0.69, 0.38),
    Color::new(0.94, 0.85, 0.56),
    Color::new(0.54, 0.54, 0.56),
    Color::new(0.78, 0.78, 0.80),
    Color::new(0.96, 0.95, 0.93),
    Color::new(0.69, 0.25, 0.13),
    Color::new(0.35, 0.12, 0.09),
];

fn any_color(rng: &mut (impl Rng + ?Sized)) -> Color {
    Color::from_hsv(rng.between(0.0, 1.0), rng.between(0.0, 0.9), rng.between(0.15, 1.0))
}

fn hair_color(rng: &mut (impl Rng + ?Sized)) -> Color {
    if rng.chance(0.65) {
        rng.pick(&NATURAL_HAIR)
    } else {
        Color::from_hsv(rng.between(0.0, 1.0), rng.between(0.2, 0.8), rng.between(0.35, 1.0))
    }
}

fn fade(rng: &mut (impl Rng + ?Sized)) -> Fade {
    let from = rng.between(0.2, 0.75);
    Fade { color: hair_color(rng), from, to: from + rng.between(0.02, 0.5) }
}

fn invent(rng: &mut (impl Rng + ?Sized)) -> Character {
    let depth = rng.between(0.0, 1.0);
    let skin = Color::new(0.996, 0.906, 0.843).mix(Color::new(0.60, 0.40, 0.26), depth * depth);
    let hair = hair(rng);
    let mut character = Character {
        shown: None,
        name: "unknown".to_owned(),
        skin,
        eyes: Eyes {
            color: any_color(rng),
            shape: rng.pick(&[
                EyeShape::Round,
                EyeShape::Round,
                EyeShape::Sharp,
                EyeShape::Calm,
                EyeShape::Glaring,
            ]),
            size: rng.between(0.8, 1.2),
            brows: rng.maybe(0.2, any_color),
        },
        hair,
        ears: None,
        wings: None,
        crest: None,
        hat: None,
        ornaments: Vec::new(),
        neck: Vec::new(),
        clothes: clothes(rng),
        tail: rng.maybe(0.35, tail),
    };
    match rng.whole(0, 99) {
        0..60 => character.ears = Some(ears(rng)),
        60..74 => character.wings = Some(wings(rng)),
        _ => {}
    }
    character.crest = rng.maybe(0.1, |rng| Crest {
        color: rng.maybe(0.4, hair_color),
        strands: rng.pick(&[1, 2, 3, 4, 5]),
        size: rng.between(0.6, 1.4),
    });
    character.hat = rng.maybe(0.22, hat);
    for _ in 0..rng.pick(&[0, 0, 0, 1, 1, 2]) {
        character.ornaments.push(ornament(rng));
    }
    for _ in 0..rng.pick(&[0, 1, 1, 2]) {
        character.neck.push(neckwear(rng));
    }
    character
}

fn hair(rng: &mut (impl Rng + ?Sized)) -> Hair {
    let cut = rng.pick(&[
        Cut::Bob,
        Cut::Bob,
        Cut::Short,
        Cut::Long,
        Cut::Long,
        Cut::Wavy,
        Cut::HighTails,
        Cut::LowTails,
        Cut::Ponytail,
        Cut::Buns,
    ]);
    let length = match cut {
        Cut::Long | Cut::Wavy => rng.between(1.2, 2.8),
        Cut::Bob => rng.between(0.75, 1.3),
        _ => rng.between(0.6, 1.0),
    };
    let mut marks = Vec::new();
    if rng.chance(0.35) {
        let kind = rng.pick(&[
            MarkKind::Em,
            MarkKind::Crown,
            MarkKind::Mask,
            MarkKind::Patches,
            MarkKind::Streak,
            MarkKind::Stripes,
            MarkKind::Dot,
            MarkKind::Whiskers,
            MarkKind::Brows,
            MarkKind::Parting,
        ]);
        marks.push(Mark { kind, color: hair_color(rng) });
    }
    Hair {
        color: hair_color(rng),
        tips: rng.maybe(0.3, fade),
        cut,
        length,
        volume: rng.between(1.02, 1.22),
        ends: rng.pick(&[Ends::Pointed, Ends::Pointed, Ends::Blunt, Ends::Curled, Ends::Shaggy]),
        fringe: rng.pick(&[
            Fringe::Jagged,
            Fringe::Centre,
            Fringe::Blunt,
            Fringe::Parted,
            Fringe::Swept,
            Fringe::Beak,
            Fringe::Open,
        ]),
        fringe_fade: rng.maybe(0.2, fade),
        locks: rng.maybe(0.6, |rng| Locks {
            color: rng.maybe(0.25, hair_color),
            tips: rng.maybe(0.25, fade),
            length: rng.between(0.4, 1.9),
            width: rng.between(0.2, 0.42),
        }),
        marks,
    }
}

fn ears(rng: &mut (impl Rng + ?Sized)) -> Ears {
    Ears {
        kind: rng.pick(&[
            EarKind::Cat,
            EarKind::Cat,
            EarKind::Tall,
            EarKind::Huge,
            EarKind::Round,
            EarKind::Small,
            EarKind::Rabbit,
            EarKind::Floppy,
        ]),
        color: rng.maybe(0.3, any_color),
        inner: Color::new(0.99, 0.89, 0.86).mix(any_color(rng), rng.between(0.0, 0.6)),
        fluff: rng.maybe(0.3, |_| Color::WHITE),
        tip: rng.maybe(0.3, hair_color),
        rim: rng.maybe(0.2, hair_color),
        size: rng.between(0.75, 1.25),
    }
}

fn wings(rng: &mut (impl Rng + ?Sized)) -> Wings {
    Wings {
        kind: rng.pick(&[WingKind::Raised, WingKind::Folded]),
        color: rng.maybe(0.5, any_color),
        tip: rng.maybe(0.7, any_color),
        size: rng.between(0.7, 1.2),
    }
}

fn hat(rng: &mut (impl Rng + ?Sized)) -> Hat {
    Hat {
        kind: rng.pick(&[
            HatKind::Safari,
            HatKind::Cap,
            HatKind::Witch,
            HatKind::Beret,
            HatKind::Beanie,
            HatKind::Crown,
            HatKind::Straw,
            HatKind::Hood,
        ]),
        color: any_color(rng),
        band: rng.maybe(0.7, any_color),
        feathers: (0..rng.pick(&[0, 0, 0, 1, 2])).map(|_| any_color(rng)).collect(),
    }
}

fn ornament(rng: &mut (impl Rng + ?Sized)) -> Ornament {
    Ornament {
        kind: rng.pick(&[
            OrnamentKind::Tassel,
            OrnamentKind::Bow,
            OrnamentKind::Bow,
            OrnamentKind::Flower,
            OrnamentKind::Star,
            OrnamentKind::Pebble,
            OrnamentKind::Glasses,
            OrnamentKind::Eyepatch,
            OrnamentKind::Horns,
            OrnamentKind::Antlers,
            OrnamentKind::Halo,
            OrnamentKind::Hairband,
            OrnamentKind::Headphones,
        ]),
        color: any_color(rng),
        side: rng.pick(&[Side::Left, Side::Right]),
    }
}

fn neckwear(rng: &mut (impl Rng + ?Sized)) -> Neckwear {
    Neckwear {
        kind: rng.pick(&[
            NeckwearKind::Bow,
            NeckwearKind::Fur,
            NeckwearKind::Tie,
            NeckwearKind::Scarf,
            NeckwearKind::Ribbon,
            NeckwearKind::Collar,
            NeckwearKind::Bell,
        ]),
        color: any_color(rng),
        spots: rng.maybe(0.15, any_color),
        trim: rng.maybe(0.3, any_color),
    }
}

fn garment(rng: &mut (impl Rng + ?Sized)) -> Garment {
    Garment {
        color: any_color(rng),
        spots: rng.maybe(0.12, any_color),
        stripes: rng.maybe(0.1, any_color),
        trim: rng.maybe(0.25, any_color),
    }
}

fn clothes(rng: &mut (impl Rng + ?Sized)) -> Clothes {
    Clothes {
        top: garment(rng),
        sleeves: rng.pick(&[
            Sleeves::None,
            Sleeves::Short,
            Sleeves::Puffed,
            Sleeves::Long,
            Sleeves::Wide,
        ]),
        gloves: rng.maybe(0.25, garment),
        cut: rng.pick(&[
            Bottom::Skirt,
            Bottom::Skirt,
            Bottom::Pleats,
            Bottom::Shorts,
            Bottom::Trousers,
            Bottom::Frill,
            Bottom::Dress,
        ]),
        bottom: garment(rng),
        stockings: rng.maybe(0.5, garment),
        shoes: any_color(rng),
        belt: rng.maybe(0.25, any_color),
        straps: rng.maybe(0.12, any_color),
    }
}

fn tail(rng: &mut (impl Rng + ?Sized)) -> Tail {
    Tail {
        kind: rng.pick(&[TailKind::Cat, TailKind::Bushy, TailKind::Tapered, TailKind::Feathers]),
        color: hair_color(rng),
        rings: rng.maybe(0.25, hair_color),
        tip: rng.maybe(0.3, hair_color),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn unknowns_differ_from_each_other_and_from_the_known() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let known: Vec<Character> = (0..5).map(|_| random_character(&mut rng)).collect();
        let people: Vec<Character> =
            (0..200).map(|_| unknown_character(&known, &mut rng)).collect();
        for (index, person) in people.iter().enumerate() {
            assert!(known.iter().all(|friend| likeness(person, friend) < TOO_ALIKE));
            assert!(!people[..index].contains(person));
        }
        let borrowed = people
            .iter()
            .filter(|person| known.iter().any(|friend| person.clothes == friend.clothes))
            .count();
        assert!((30..80).contains(&borrowed), "{borrowed}");
    }

    #[test]
    fn only_a_character_itself_is_quite_like_it() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let character = random_character(&mut rng);
        assert!(likeness(&character, &character) > 0.99);
        assert!(likeness(&character, &random_character(&mut rng)) < 0.9);
    }

    #[test]
    fn invented_characters_have_drawable_sizes() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for _ in 0..200 {
            random_character(&mut rng).check().unwrap();
        }
    }
}

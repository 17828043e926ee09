//! A file that is new in the page's folder is a reason to build again.

fn main() {
    println!("cargo:rerun-if-changed=../web");
}

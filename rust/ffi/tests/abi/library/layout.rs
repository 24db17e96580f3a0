//! What crosses the boundary by value, and the functions it goes to.

use std::env;
use std::error::Error;
use std::ffi::c_void;
use std::sync::OnceLock;

use libloading::Library;

/// A buffer with a record.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawWire {
    pub data: *mut u8,
    pub len: i32,
    pub capacity: i32,
}

/// A result without a value.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Status {
    pub tag: u32,
    pub error: u8,
}

/// A result with a record.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Reply {
    pub tag: u32,
    pub error: u8,
    pub wire: RawWire,
}

/// A result with a service.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Made {
    pub tag: u32,
    pub error: u8,
    pub service: *const c_void,
}

/// What a callback is called with.
#[repr(C)]
pub struct Completion<T> {
    pub cancelled: u8,
    pub result: T,
}

/// Where the answer to an asynchronous call goes.
#[repr(C)]
pub struct Callback<T> {
    pub call: extern "C" fn(*const Completion<T>, *const c_void),
    pub context: *const c_void,
}

/// What stops an asynchronous call.
#[repr(C)]
pub struct Task {
    pub data: *mut c_void,
    pub abort: Option<unsafe extern "C" fn(*mut c_void)>,
    pub release: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// A text, lent for the time of a call.
#[repr(C)]
pub struct Bytes {
    pub data: *const u8,
    pub len: u64,
}

/// A service.
pub type Instance = *const c_void;

macro_rules! exports {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The exports, as the dynamic linker found them.
        pub struct Exports {
            /// Never unloaded: its threads may outlive the last call.
            _library: Library,
            pub wire_create: unsafe extern "C-unwind" fn(i32, *mut i32, *mut i32) -> *mut u8,
            pub wire_destroy: unsafe extern "C-unwind" fn(*mut u8, i32, i32),
            $(pub $name: unsafe extern "C-unwind" fn($($argument),*) $(-> $result)?,)*
        }

        fn load() -> Result<Exports, Box<dyn Error>> {
            // The test program lies beside the library that was built for it.
            let file = env::current_exe()?.with_file_name(libloading::library_filename("revoke_session"));
            // SAFETY: the library runs no code when it is loaded.
            let library = unsafe { Library::new(&file)? };
            // SAFETY: each symbol is a function of the type that its field has.
            unsafe {
                Ok(Exports {
                    wire_create: *library.get(unique_name("interoptopus_wire_create")?)?,
                    wire_destroy: *library.get(unique_name("interoptopus_wire_destroy")?)?,
                    $($name: *library.get(stringify!($name))?,)*
                    _library: library,
                })
            }
        }
    };
}

exports! {
    judge_user: fn(RawWire) -> Reply;
    describe_not_connected: fn() -> Reply;
    graph_session_create: fn() -> Made;
    graph_session_destroy: fn(Instance);
    graph_session_provide_secret: fn(Instance, Bytes) -> Status;
    graph_session_connect: fn(Instance, RawWire, Callback<Reply>) -> Task;
    graph_session_describe: fn(Instance) -> Reply;
    revocation_run_start: fn(Instance, RawWire) -> Made;
    revocation_run_destroy: fn(Instance);
    revocation_run_submit: fn(Instance, RawWire, Callback<Status>) -> Task;
    revocation_run_flush: fn(Instance, Callback<Status>) -> Task;
    revocation_run_complete_input: fn(Instance) -> Status;
    revocation_run_cancel: fn(Instance) -> Status;
    revocation_run_next: fn(Instance, u32, Callback<Reply>) -> Task;
}

/// The name under which the helper is exported: it ends in a number of its own.
fn unique_name(start: &str) -> Result<String, Box<dyn Error>> {
    let inventory = revoke_session::ffi_inventory();
    let mut names = inventory.functions.into_values().map(|function| function.name);
    Ok(names.find(|name| name.starts_with(start)).ok_or("the inventory has no such helper")?)
}

/// The exports of the library that was built for this test.
pub fn exports() -> &'static Exports {
    static EXPORTS: OnceLock<Exports> = OnceLock::new();
    EXPORTS.get_or_init(|| load().expect("the library can be loaded"))
}

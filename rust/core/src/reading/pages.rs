//! Lists that come in pages, one page for each time that more is asked for.

use futures_util::stream::{self, Stream};

use super::advanced;
use super::events::ReadEvent;
use super::exchange::{Answered, Reader, Request, Trouble};
use super::next_link;
use super::page::{self, Entry, Page};
use super::refusal;
use crate::error::ErrorDetail;
use crate::graph::answer::Verdict;

/// One list to read.
pub(super) struct List<T> {
    /// The path of the first page.
    pub path: String,
    /// The same as an advanced query, where Graph may ask for one.
    pub advanced: Option<String>,
    /// Whether the path is that of an advanced query already.
    pub eventual: bool,
    /// Which entries count; Graph cannot compare everything.
    pub keeps: Box<dyn Fn(&T) -> bool + Send>,
}

/// Lists to read one after the other, until enough was read.
pub(super) struct Lists<T, I> {
    reader: Reader,
    more: I,
    /// How many entries are wanted at most.
    limit: Option<u64>,
    /// What is told when more is there than was wanted.
    rest: Option<&'static str>,
    current: Option<List<T>>,
    pages: u64,
}

impl<T, I> Lists<T, I>
where
    T: Entry,
    I: Iterator<Item = List<T>> + Send + 'static,
{
    pub(super) fn new(reader: Reader, more: I, limit: Option<u64>, rest: Option<&'static str>) -> Self {
        Self { reader, more, limit, rest, current: None, pages: 0 }
    }

    /// The events, a page at a time.
    pub(super) fn into_stream(self) -> impl Stream<Item = Vec<ReadEvent<T>>> + Send + 'static {
        stream::unfold(Some(self), |lists| async {
            let mut lists = lists?;
            if lists.limit == Some(0) {
                return None;
            }
            if lists.current.is_none() {
                lists.current = Some(lists.more.next()?);
            }
            let mut list = lists.current.take()?;
            match read(&lists.reader, &mut list).await {
                Ok(page) => Some(lists.tell(page, list)),
                Err(detail) => Some((vec![lists.failed(detail)], None)),
            }
        })
    }

    /// What a page tells, and where to go on.
    fn tell(mut self, page: Page<T>, mut list: List<T>) -> (Vec<ReadEvent<T>>, Option<Self>) {
        self.pages += 1;
        list.advanced = None;
        let total = page.entries.len() + page.odd;
        let mut events: Vec<_> =
            page.entries.into_iter().filter(|entry| (list.keeps)(entry)).map(ReadEvent::Item).collect();
        let wanted = self.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let more = events.len() > wanted || (events.len() == wanted && page.next_link.is_some());
        events.truncate(wanted);
        self.limit = self.limit.map(|limit| limit - events.len() as u64);
        if page.odd > 0 {
            let what =
                format!("{} of the {total} entries of a page are not what Graph documents, and left out", page.odd);
            events.push(ReadEvent::Failed { detail: self.reader.subject.unreadable(&what), about: None });
        }
        if let Some(rest) = self.rest.filter(|_| more) {
            events.push(ReadEvent::Warning(rest.to_owned()));
        }
        if self.limit == Some(0) {
            return (events, None);
        }
        if let Some(link) = &page.next_link {
            match next_link::path_of(link, self.reader.session.parts().endpoints.graph(), &list.path) {
                Ok(path) => {
                    list.path = path;
                    self.current = Some(list);
                }
                Err(bad) => {
                    let why = format!("the link to the next page {bad}, so it is not followed");
                    events.push(self.failed(self.reader.subject.unreadable(&why)));
                    return (events, None);
                }
            }
        }
        (events, Some(self))
    }

    fn failed(&self, mut detail: ErrorDetail) -> ReadEvent<T> {
        if self.pages > 0 {
            detail.message.push_str(" What was read so far is incomplete.");
        }
        ReadEvent::Failed { detail, about: None }
    }
}

/// Reads the page that a list is at.
async fn read<T: Entry>(reader: &Reader, list: &mut List<T>) -> Result<Page<T>, ErrorDetail> {
    let mut trials = reader.trials();
    loop {
        let request = Request { path: list.path.clone(), batch: None, eventual: list.eventual };
        match reader.ask(&request, &mut trials).await? {
            Answered::Body(body) => {
                if let Some(page) = page::decode(&body) {
                    return Ok(page);
                }
                reader.repeat_after(Trouble::Unreadable("it is no list"), &mut trials).await?;
            }
            Answered::Refused(verdict) => match list.advanced.take().filter(|_| wants_advanced(&verdict)) {
                Some(path) => {
                    reader
                        .notices
                        .tell(|| "Graph takes this query as an advanced one only, so it is asked as one.".to_owned());
                    (list.path, list.eventual) = (path, true);
                }
                None => return Err(reader.subject.refused(&verdict, None)),
            },
        }
    }
}

fn wants_advanced(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Rejected { status: 400, error } => refusal::code(error.as_ref()).is_some_and(advanced::is_asked_for),
        _ => false,
    }
}

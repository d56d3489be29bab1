// Edits of rows through the flow, with the tracker running, over a broker in memory.
#include "flow_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace kefu::ingest {
namespace {

using bus::Disposition;
using kefu::v1::JobState;
using kefu::v1::Passage;
using kefu::v1::RowEdit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EditTest : public FlowFixture {
 protected:
  EditTest() {
    put_lease(1'000'000);
    loop_.start(tasks_);
  }
  ~EditTest() override { stop_tracker(); }

  /// Works on a job, embeds what it published and waits for its end.
  std::uint64_t finish(const bus::StoredMessage& job) {
    EXPECT_EQ(work(job), Disposition::done);
    embed();
    EXPECT_TRUE(testing::run_task(io_, eventually_in_state(job.sequence, JobState::STATE_DONE)))
        << state(job.sequence).ShortDebugString();
    return job.sequence;
  }
  bus::StoredMessage edit(const std::string& filename, const RowEdit& edit, std::uint64_t base = 0) {
    kefu::v1::Job job = job_for(filename);
    job.set_action(kefu::v1::Job::ACTION_EDIT);
    *job.mutable_edit() = edit;
    job.set_base_version(base);
    return append(job);
  }
  static RowEdit change(std::uint32_t row) {
    RowEdit edit;
    edit.set_action(RowEdit::ACTION_CHANGE);
    edit.set_row(row);
    return edit;
  }
  static RowEdit removal(std::uint32_t row) {
    RowEdit edit = change(row);
    edit.set_action(RowEdit::ACTION_REMOVE);
    return edit;
  }
  std::string failure(const bus::StoredMessage& job) {
    EXPECT_EQ(work(job), Disposition::done);
    EXPECT_EQ(state(job.sequence).state(), JobState::STATE_FAILED);
    return state(job.sequence).error();
  }
  static std::string rows(int count) {
    std::string csv = "question,answer,id\n";
    for (int i = 1; i <= count; ++i) {
      const std::string n = std::to_string(i);
      csv += "q" + n + "?,a" + n + ",id" + n + "\n";
    }
    return csv;
  }
  /// All passages of a version in the order of its parts, each with its own vector.
  std::vector<Passage> passages(const std::string& filename, std::uint64_t job) {
    std::vector<Passage> found;
    const auto stated = manifest(filename, job);
    for (std::uint32_t number = 0; number < stated.parts(); ++number) {
      kefu::v1::VectorPart part;
      const auto stored = run(store_->last(std::string(proto::kVectorsStream),
                                           proto::vectors_subject(version(filename, job), number), soon()));
      EXPECT_TRUE(part.ParseFromString(stored.payload));
      EXPECT_EQ(part.passages().version(), job);
      EXPECT_EQ(part.passages().part(), number);
      EXPECT_EQ(part.model_fingerprint(), "m");
      for (int i = 0; i < part.passages().passages_size(); ++i) {
        const Passage& passage = part.passages().passages(i);
        EXPECT_EQ(passage.ordinal(), found.size());
        EXPECT_EQ(part.vectors().substr(static_cast<std::size_t>(i) * 4, 4), vector_of(passage.text()));
        found.push_back(passage);
      }
    }
    EXPECT_EQ(found.size(), stated.passages());
    return found;
  }
  std::vector<std::string> texts(const std::string& filename, std::uint64_t job) {
    std::vector<std::string> found;
    for (const Passage& passage : passages(filename, job)) found.push_back(passage.text());
    return found;
  }
};

TEST_F(EditTest, ChangesOneRowAndCopiesTheOthersWithTheirVectors) {
  finish(upload("faq.csv", rows(100)));
  RowEdit edited = change(50);
  edited.set_answer("new answer");
  edited.mutable_similar()->add_questions("another 50?");
  const auto job = edit("faq.csv", edited);
  EXPECT_EQ(work(job), Disposition::done);
  const auto waiting = contents(proto::kPassagesStream);
  ASSERT_THAT(waiting, SizeIs(1));
  kefu::v1::PassagePart part;
  ASSERT_TRUE(part.ParseFromString(waiting[0].payload));
  EXPECT_EQ(part.passages_size(), 2);
  EXPECT_FALSE(state(job.sequence).committed());
  finish(job);
  const auto after = passages("faq.csv", job.sequence);
  ASSERT_THAT(after, SizeIs(101));
  EXPECT_EQ(after[49].text(), "q50?");
  EXPECT_EQ(after[49].answer(), "new answer");
  EXPECT_EQ(after[49].document_id(), "id50");
  EXPECT_EQ(after[50].text(), "another 50?");
  EXPECT_EQ(after[50].row(), 50U);
  EXPECT_EQ(after[51].text(), "q51?");
  EXPECT_EQ(after[51].answer(), "a51");
  const JobState done = state(job.sequence);
  EXPECT_EQ(done.embedded().done(), 101U);
  EXPECT_EQ(done.embedded().total(), 101U);
  EXPECT_EQ(done.usage().embedding_tokens(), 4U);
  EXPECT_EQ(done.usage().saved_tokens(), 2U);
  EXPECT_EQ(done.manifest().rows(), 100U);
  EXPECT_EQ(done.manifest().content_type(), "text/csv");
  EXPECT_EQ(done.manifest().file_bytes(), 0U);
  // Parts are filled up: two full ones, the row, and the rest.
  EXPECT_EQ(done.manifest().parts(), 5U);
}

TEST_F(EditTest, EditsUponEditsDoNotMakeEverSmallerParts) {
  finish(upload("faq.csv", rows(64)));
  std::uint64_t last = 0;
  for (std::uint32_t row = 1; row <= 64; row += 7) {
    RowEdit edited = change(row);
    edited.set_answer("changed");
    last = finish(edit("faq.csv", edited));
  }
  EXPECT_THAT(passages("faq.csv", last), SizeIs(64));
  EXPECT_LE(manifest("faq.csv", last).parts(), 4U);
}

TEST_F(EditTest, RemovesRowsAndWithTheLastOneTheDocument) {
  finish(upload("faq.csv", rows(3)));
  const auto second = finish(edit("faq.csv", removal(2)));
  EXPECT_THAT(texts("faq.csv", second), ElementsAre("q1?", "q3?"));
  EXPECT_EQ(manifest("faq.csv", second).rows(), 2U);
  const auto first = finish(edit("faq.csv", removal(1)));
  EXPECT_THAT(texts("faq.csv", first), ElementsAre("q3?"));
  const auto last = finish(edit("faq.csv", removal(3)));
  EXPECT_EQ(manifest("faq.csv", last).parts(), 0U);
  EXPECT_THAT(failure(edit("faq.csv", removal(1))), HasSubstr("there is no document \"faq.csv\""));
}

TEST_F(EditTest, AppendsARowWithTheNextNumber) {
  finish(upload("faq.csv", rows(2)));
  RowEdit added;
  added.set_action(RowEdit::ACTION_APPEND);
  added.set_question("new?");
  EXPECT_THAT(failure(edit("faq.csv", added)),
              HasSubstr("\"faq.csv\", row 3, answer: the answer is missing"));
  added.set_answer("yes");
  added.set_id("id1");
  EXPECT_THAT(failure(edit("faq.csv", added)), HasSubstr("row 3, id: row 1 has the id \"id1\""));
  added.set_id("id3");
  const auto job = finish(edit("faq.csv", added));
  const auto after = passages("faq.csv", job);
  ASSERT_THAT(after, SizeIs(3));
  EXPECT_EQ(after[2].row(), 3U);
  EXPECT_EQ(after[2].document_id(), "id3");
  EXPECT_EQ(manifest("faq.csv", job).rows(), 3U);
}

TEST_F(EditTest, NamesDocumentRowAndFieldOfWhatCannotBe) {
  const auto first = finish(upload("faq.csv", rows(2)));
  finish(upload("a.md", "# Title\n\nSome text.\n"));
  RowEdit empty = change(1);
  empty.set_question(" ");
  EXPECT_THAT(failure(edit("faq.csv", empty)),
              HasSubstr("\"faq.csv\", row 1, question: the question is missing"));
  RowEdit text = change(1);
  text.set_text("t");
  EXPECT_THAT(failure(edit("faq.csv", text)), HasSubstr("row 1, text"));
  EXPECT_THAT(failure(edit("faq.csv", removal(7))), HasSubstr("\"faq.csv\", row 7: there is no such row"));
  EXPECT_THAT(failure(edit("faq.csv", removal(0))), HasSubstr("row 0: there is no such row"));
  EXPECT_THAT(failure(edit("none.csv", removal(1))), HasSubstr("no document \"none.csv\""));
  EXPECT_THAT(failure(edit("a.md", removal(1))), HasSubstr("\"a.md\" has no rows"));
  EXPECT_THAT(failure(edit("faq.csv", removal(1), 99)),
              HasSubstr("is at version " + std::to_string(first) + ", not at version 99"));
  EXPECT_THAT(contents(proto::kPassagesStream), IsEmpty());
  finish(edit("faq.csv", removal(1), first));
}

TEST_F(EditTest, NamesTheFieldThatWouldHoldNothingThatCanBeSeen) {
  finish(upload("faq.csv", rows(2)));
  finish(upload("docs.jsonl", "{\"id\":\"d1\",\"text\":\"First text.\"}\n"));
  const std::string nothing = "holds nothing but characters that cannot be seen";
  RowEdit question = change(1);
  question.set_question("\u200B");
  EXPECT_EQ(failure(edit("faq.csv", question)), "\"faq.csv\", row 1, question: the question " + nothing);
  RowEdit answer = change(2);
  answer.set_answer("\u2060 \x01");
  EXPECT_EQ(failure(edit("faq.csv", answer)), "\"faq.csv\", row 2, answer: the answer " + nothing);
  RowEdit similar = change(1);
  similar.mutable_similar()->add_questions("\uFEFF");
  EXPECT_EQ(failure(edit("faq.csv", similar)), "\"faq.csv\", row 1, similar: a similar question is empty");
  RowEdit text = change(1);
  text.set_text("\u00AD\n\n\u200B");
  EXPECT_EQ(failure(edit("docs.jsonl", text)),
            "\"docs.jsonl\", row 1, text: the text holds nothing that can be read");
  EXPECT_THAT(contents(proto::kPassagesStream), IsEmpty());
}

TEST_F(EditTest, WaitsForEarlierJobsOfItsDocumentOnly) {
  finish(upload("faq.csv", rows(3)));
  const auto other = upload("other.csv", rows(1));
  const auto earlier = upload("faq.csv", rows(5));
  const auto hopeless = upload("faq.csv", "question\nx\n");
  const auto job = edit("faq.csv", removal(1));
  EXPECT_EQ(work(job), Disposition::later);  // nobody has begun the earlier one
  EXPECT_EQ(work(earlier), Disposition::done);
  EXPECT_EQ(work(job), Disposition::later);  // its vectors are not there
  finish(earlier);
  EXPECT_EQ(work(job), Disposition::later);
  EXPECT_EQ(work(hopeless), Disposition::done);  // fails
  finish(job);
  EXPECT_THAT(texts("faq.csv", job.sequence), ElementsAre("q2?", "q3?", "q4?", "q5?"));
  EXPECT_EQ(state(other.sequence).job(), 0U);
}

TEST_F(EditTest, GivesTheSameMessagesWhenItIsDeliveredAgain) {
  finish(upload("faq.csv", rows(40)));
  const auto job = edit("faq.csv", removal(20));
  counter_.failure.reset();
  EXPECT_EQ(work(job), Disposition::done);
  std::vector<std::string> first;
  for (const auto& message : contents(proto::kVectorsStream))
    first.push_back(message.subject + message.payload);
  // As if it had died before it noted that everything is published.
  run(states_.change(job.sequence, [](JobState& state) {
    state.set_published(false);
    state.set_committed(false);
    state.set_state(JobState::STATE_RUNNING);
    return true;
  }));
  EXPECT_EQ(work(job, 2), Disposition::done);
  std::multiset<std::string> second;
  for (const auto& message : contents(proto::kVectorsStream))
    second.insert(message.subject + message.payload);
  for (const std::string& message : first) EXPECT_EQ(second.count(message), 1U) << message;
}

TEST_F(EditTest, EditsDocumentsOfJsonLines) {
  finish(upload("docs.jsonl",
                "{\"id\":\"d1\",\"title\":\"One\",\"text\":\"First text.\"}\n"
                "{\"id\":\"d2\",\"title\":\"Two\",\"text\":\"Second text.\",\"url\":\"https://x/2\"}\n"));
  RowEdit labels = change(2);
  labels.set_title("Zwei");
  labels.set_url("https://x/zwei");
  auto job = finish(edit("docs.jsonl", labels));
  auto after = passages("docs.jsonl", job);
  ASSERT_THAT(after, SizeIs(2));
  EXPECT_EQ(after[1].title(), "Zwei");
  EXPECT_EQ(after[1].url(), "https://x/zwei");
  EXPECT_EQ(after[1].text(), "Second text.");
  EXPECT_EQ(after[1].document_id(), "d2");
  RowEdit text = change(1);
  text.set_text("Brand new.");
  job = finish(edit("docs.jsonl", text));
  after = passages("docs.jsonl", job);
  ASSERT_THAT(after, SizeIs(2));
  EXPECT_EQ(after[0].text(), "Brand new.");
  EXPECT_EQ(after[0].title(), "One");
  EXPECT_EQ(after[0].row(), 1U);
  RowEdit added;
  added.set_action(RowEdit::ACTION_APPEND);
  added.set_text("Third.");
  EXPECT_THAT(failure(edit("docs.jsonl", added)), HasSubstr("row 3, id: the id is missing"));
  added.set_id("d3");
  job = finish(edit("docs.jsonl", added));
  EXPECT_EQ(passages("docs.jsonl", job).back().title(), "d3");
  RowEdit faq = change(1);
  faq.set_answer("a");
  EXPECT_THAT(failure(edit("docs.jsonl", faq)), HasSubstr("row 1, answer: this is a document"));
}

}  // namespace
}  // namespace kefu::ingest

// SPDX-License-Identifier: Apache-2.0
// The zip container of PyTorch's checkpoints, on libtorch's own reader and writer.
#include "ctorch_archive.h"

#include <caffe2/serialize/inline_container.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "boundary.hpp"

namespace {

/// Random access to a file. A read past the end or a failing disk gives fewer bytes and never throws, because
/// the caller is the zip library, which is C.
class FileAdapter final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit FileAdapter(const char *path) : descriptor_(::open(path, O_RDONLY | O_CLOEXEC)) {
    TORCH_CHECK(descriptor_ >= 0, "the file cannot be opened");
    struct stat status {};
    if (::fstat(descriptor_, &status) == 0) size_ = static_cast<size_t>(status.st_size);
  }
  FileAdapter(const FileAdapter &) = delete;
  FileAdapter &operator=(const FileAdapter &) = delete;
  ~FileAdapter() override { ::close(descriptor_); }

  size_t size() const override { return size_; }

  size_t read(uint64_t position, void *buffer, size_t count, const char *) const override {
    if (position >= size_) return 0;
    size_t done = 0;
    while (done < count) {
      const ssize_t got = ::pread(descriptor_, static_cast<char *>(buffer) + done, count - done,
                                  static_cast<off_t>(position + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

 private:
  int descriptor_;
  size_t size_ = 0;
};

}  // namespace

struct ct_archive_reader {
  explicit ct_archive_reader(const char *path)
      : reader(std::make_shared<FileAdapter>(path)), names(reader.getAllRecords()) {}
  caffe2::serialize::PyTorchStreamReader reader;
  std::vector<std::string> names;
};

struct ct_archive_writer {
  ct_archive_writer(ct_archive_sink sink, void *context)
      : writer([this, sink, context](const void *bytes, size_t count) {
          // libtorch's writer finishes the archive in its destructor and would end the process if the sink
          // failed there. So it never hears of a failure; the calls below report it.
          if (!failed && sink(context, bytes, count) != 0) failed = true;
          return count;
        }) {}
  void check() const { TORCH_CHECK(!failed, "the file could not be written"); }
  bool failed = false;
  caffe2::serialize::PyTorchStreamWriter writer;
};

using ctorch::guarded;

ct_error *ct_archive_reader_open(ct_archive_reader **out, const char *path) {
  return guarded([&] {
    *out = new ct_archive_reader(path);
    ctorch::handle_created();
  });
}

ct_error *ct_archive_reader_count(size_t *out, const ct_archive_reader *reader) {
  return guarded([&] { *out = reader->names.size(); });
}

ct_error *ct_archive_reader_name(const char **out, const ct_archive_reader *reader, size_t index) {
  return guarded([&] { *out = reader->names.at(index).c_str(); });
}

ct_error *ct_archive_reader_size(size_t *out, ct_archive_reader *reader, const char *name) {
  return guarded([&] { *out = reader->reader.getRecordSize(name); });
}

ct_error *ct_archive_reader_read(ct_archive_reader *reader, const char *name, void *bytes, size_t count) {
  return guarded([&] {
    const size_t got = reader->reader.getRecord(name, bytes, count);
    TORCH_CHECK(got == count, "record ", name, " has ", got, " bytes, expected ", count);
  });
}

void ct_archive_reader_free(ct_archive_reader *reader) {
  if (reader == nullptr) return;
  delete reader;
  ctorch::handle_destroyed();
}

ct_error *ct_archive_writer_new(ct_archive_writer **out, ct_archive_sink sink, void *context) {
  return guarded([&] {
    auto writer = std::make_unique<ct_archive_writer>(sink, context);
    writer->check();
    *out = writer.release();
    ctorch::handle_created();
  });
}

ct_error *ct_archive_writer_add(ct_archive_writer *writer, const char *name, const void *bytes,
                                size_t count) {
  return guarded([&] {
    writer->check();
    writer->writer.writeRecord(name, bytes, count);
    writer->check();
  });
}

ct_error *ct_archive_writer_finish(ct_archive_writer *writer) {
  return guarded([&] {
    writer->check();
    writer->writer.writeEndOfFile();
    writer->check();
  });
}

void ct_archive_writer_free(ct_archive_writer *writer) {
  if (writer == nullptr) return;
  writer->failed = true;  // an unfinished archive is completed by libtorch's destructor: into nothing
  delete writer;
  ctorch::handle_destroyed();
}

// SPDX-License-Identifier: Apache-2.0
// ExploreCampaign: one exploration from its window to a certificate, with a journal by which it can be gone on with.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "campaign/campaign.h"
#include "campaign/explore/explorer.h"
#include "campaign/guests.h"
#include "results/explore_journal.h"

namespace remapstorm {

class ExploreCampaign {
 public:
  // `guests`: what the context's executor runs.
  ExploreCampaign(CampaignContext context, Guests& guests, ExploreOptions options)
      : context_(std::move(context)), guests_(guests), options_(std::move(options)) {}

  // Loads the image, makes the output folder, boots a guest to the window and walks it. Errors: usage, unavailable,
  // host.
  Status prepare();
  // After prepare(). An error ended it early; what was done until then is in certificate().
  Status run();
  [[nodiscard]] const Certificate& certificate() const { return certificate_; }
  // Puts certificate.json into the folder and points "latest" at it. `more`: writes what else belongs there. Error:
  // host; something that is claimed is not there.
  Status write_output(const std::function<Status(const std::string& directory)>& more) const;
  [[nodiscard]] const std::string& directory() const { return folder_->path(); }
  // What is kept of an exploration that was ended early, and how to go on.
  [[nodiscard]] std::string kept() const;

 private:
  Status choose_folder();
  Status open_journal();
  Status choose_points();
  Status on_done(const PointOutcome& outcome, const std::vector<Event>& events);
  Status keep_events(ExploredTrial& trial, const std::vector<Event>& events);
  void show_progress();
  void skip_the_rest();
  [[nodiscard]] Status point_latest() const;

  const CampaignContext context_;
  Guests& guests_;
  const ExploreOptions options_;
  std::unique_ptr<Exploration> exploration_;
  std::vector<ExplorePoint> points_;
  std::optional<WorkFolder> folder_;
  std::optional<ExploreJournal> journal_;
  std::size_t before_ = 0;  // trials that were there when this session began
  Nanoseconds began_{0};
  std::mutex mutex_;  // below, and the journal
  Certificate certificate_;
  std::map<std::string, bool> kept_;  // "irq, deadlock": events of one such trial are kept
  std::size_t done_ = 0;              // points of this session
};

}  // namespace remapstorm

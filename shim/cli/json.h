/* SPDX-License-Identifier: MIT
 *
 * json.h -- one event as one line of JSON: the keys of sockfault(1), "One event", always all and in this order; keys
 * for what extension records hold come last and only where there is some.
 */
#ifndef SF_CLI_JSON_H
#define SF_CLI_JSON_H

#include "cli/output.h"
#include "cli/reader.h"

void sf_json_event(struct sf_output *out, const struct sf_reader *reader, const struct sf_seen *seen);

#endif

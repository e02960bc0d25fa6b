// SPDX-License-Identifier: MIT
//
// static.cc -- runs the snippet while a static object of the program is initialised, before main.
#include <cstdlib>
#include <fstream>
#include <string>

#include "frames.h"

namespace
{
struct runs_early {
	runs_early()
	{
		std::ifstream words("/proc/self/cmdline");
		std::string word;

		for (int i = 0; i < 3; i++)
			std::getline(words, word, '\0');
		words.close();
		std::_Exit(frame_run(word.c_str()));
	}
};

const runs_early now;
} // namespace

int main()
{
	return 97;
}

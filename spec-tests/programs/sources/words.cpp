// C++: streams, containers, algorithms.
#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

int main(int argc, char **argv) {
    std::map<std::string, int> counts;
    std::string word;
    while (std::cin >> word) counts[word]++;
    std::vector<std::pair<int, std::string>> sorted;
    for (auto &[word, count] : counts) sorted.push_back({-count, word});
    std::sort(sorted.begin(), sorted.end());
    for (auto &[count, word] : sorted) std::cout << word << ' ' << -count << '\n';
    std::cout << argv[1] << std::endl;
}

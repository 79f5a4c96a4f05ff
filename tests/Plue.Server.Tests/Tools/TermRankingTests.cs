using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

public class TermRankingTests
{
    private static readonly TermRanking Ranking = new([
        ("github__create_issue", "Creates an issue in a repository."),
        ("github__listPullRequests", "Lists the pull requests of a repository."),
        ("files__read_file", "Reads a file, such as one that an issue names."),
        ("weather__forecast", "Gets the weather of the next days."),
    ]);

    [Theory]
    [InlineData("create issue", "0,2")]
    [InlineData("pull request", "1")]
    [InlineData("issues", "0,2")]
    [InlineData("Read FILE", "2")]
    [InlineData("repository", "0,1")]
    [InlineData("weather__forecast", "3")]
    [InlineData("pour coffee", "")]
    [InlineData("", "")]
    public void Ranks_by_words_in_names_and_descriptions(string query, string expected) =>
        Assert.Equal(expected, string.Join(',', Ranking.Find(query, 8)));

    [Fact]
    public void Returns_no_more_than_asked_for() => Assert.Equal([0], Ranking.Find("issue", 1));
}

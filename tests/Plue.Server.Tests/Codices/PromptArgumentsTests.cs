using System.Text;
using Plue.Server.Codices;

namespace Plue.Server.Tests.Codices;

public class PromptArgumentsTests
{
    [Fact]
    public void Arguments_are_names_with_what_they_are_and_whether_they_are_needed()
    {
        Assert.Equal([new("topic", null, false), new("tone", "how it is said", true)], PromptArguments.Read(FrontMatter.Parse("---\narguments: [topic, \"tone?: how it is said\"]\n---\n").Values));
        Assert.Equal([new("topic", "What it is about: in a word", false), new("n", null, true)],
            PromptArguments.Read(FrontMatter.Parse("---\narguments:\n  - topic: What it is about: in a word\n  - n?\n---\n").Values));
        Assert.Equal([new("topic", null, false)], PromptArguments.Read(FrontMatter.Parse("---\narguments: topic\n---\n").Values));
        Assert.Empty(PromptArguments.Read(FrontMatter.Parse("---\narguments:\n---\n").Values));
    }

    [Theory]
    [InlineData("---\narguments:\n  - ok\n  - two words\n---\n", "4:5 error: An argument is a name of letters, digits and _, with ? when it may be left out, and after a colon what it is: `tone?: How it is said`.")]
    [InlineData("---\narguments: [a, a]\n---\n", "2:12 error: `a` is there twice.")]
    [InlineData("---\narguments: [selection]\n---\n", "2:12 warning: `selection` comes from the editor by itself. Leave it out here.")]
    [InlineData("---\ndescription: x\nargument: a\n---\n", "3:1 warning: A prompt has no field `argument`: it means nothing here. Did you mean `arguments`?")]
    [InlineData("Be kind\u202E.", "1:1 warning: The file has a character that nobody sees and a model reads.")]
    public void What_is_wrong_is_said_where_it_stands(string file, string expected) =>
        Assert.Equal([expected], new PromptFormat().Read("x", Encoding.UTF8.GetBytes(file)).Problems.Select(problem => problem.ToString()));
}

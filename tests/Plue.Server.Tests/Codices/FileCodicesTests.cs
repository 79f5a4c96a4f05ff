using System.Text;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Codices;

public sealed class FileCodicesTests : IDisposable
{
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-codices-").FullName);
    private readonly FileCodices providers;

    public FileCodicesTests() => providers = FileCodices.Providers(paths, new TemplateCatalog(paths));

    public void Dispose() => Directory.Delete(paths.Home, recursive: true);

    [Fact]
    public void A_missing_folder_is_an_empty_list_and_is_not_made()
    {
        Assert.Empty(providers.List());
        Assert.Null(providers.FolderProblem);
        Assert.Null(providers.Get("x"));
        Assert.Null(providers.Get("../x"));
        Assert.False(Directory.Exists(paths.Providers));
    }

    [Fact]
    public void Files_are_listed_by_name_with_their_values()
    {
        Save("zeta.json5", "\uFEFF{provider_type: 'tour'}\r\n");
        Save("alpha.json5", "{ name: 'A', provider_type: 'ollama', headers: {region: 'eu'}, max_tokens: 10 }");
        Save(".alpha.json5.123.tmp", "half");
        Save("notes.txt", "not a provider");
        var list = providers.List();
        Assert.Equal(["alpha", "zeta"], list.Select(codex => codex.Id));
        Assert.All(list, codex => Assert.Empty(codex.Problems));
        Assert.Equal("codex://providers/alpha", list[0].Uri?.ToString());
        Assert.Equal(
            ("A", 10, "eu"),
            (list[0].Values.GetString("name"), list[0].Values.GetInteger("max_tokens"), list[0].Values.GetStringMap("headers")["region"])
        );
    }

    [Fact]
    public void A_broken_file_is_listed_with_its_fault_and_hides_no_other()
    {
        Save("bad.json5", "{\n  provider_type: 'tour',\n  model 'x'\n}");
        Save("binary.json5", [0xFF, 0xFE, 0x00]);
        Save("good.json5", "{provider_type: 'tour'}");
        Save("Misnamed File.json5", "{provider_type: 'tour'}");
        Save("list.json5", "[]");
        Save("huge.json5", new byte[Json5Reader.MaxBytes + 1]);
        var list = providers.List().ToDictionary(codex => codex.Id);
        Assert.Equal(6, list.Count);
        Assert.Equal("3:9 error: Found \"'\" where ':' was expected.", Assert.Single(list["bad"].Problems).ToString());
        Assert.Equal("tour", list["bad"].Values.GetString("provider_type"));
        Assert.Null(list["Misnamed File"].Uri);
        Assert.All(list.Values, codex => Assert.Equal(codex.Id != "good", codex.IsBroken));
        Assert.All(list.Values, codex => Assert.Equal(codex.Id != "good", codex.HasErrors));
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_listed_with_the_reason()
    {
        Save("good.json5", "{}");
        File.CreateSymbolicLink(Path.Combine(paths.Providers, "lost.json5"), Path.Combine(paths.Home, "nowhere"));
        File.CreateSymbolicLink(Path.Combine(paths.Providers, "loop.json5"), Path.Combine(paths.Providers, "loop.json5"));
        Assert.Equal([("good", false), ("loop", true), ("lost", true)], providers.List().Select(codex => (codex.Id, codex.IsBroken)));
        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Set("lost", "model", new Json5String("m"))));
        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Create("lost", Json5Object.Empty)));
    }

    [Fact]
    public void A_value_that_breaks_a_rule_is_an_error_and_the_file_is_not_broken()
    {
        Save("x.json5", "{ provider_type: 'ollama', temperature: 9 }");
        var codex = Assert.IsType<FileCodex>(providers.Get("x"));
        Assert.False(codex.IsBroken);
        Assert.True(codex.HasErrors);
    }

    [Theory]
    [InlineData("{ api_key_ref: 'abc' }", 1, 16)]
    [InlineData("{\n  provider_type: 'anthropic', api_key_ref: 'sk-ant-api03-abcdefghijklmnop' }", 2, 44)]
    [InlineData("{ headers: { 'X-Api-Key': 'abc' } }", 1, 27)]
    [InlineData("{ headers: { Authorization: 'Bearer abc' } }", 1, 29)]
    [InlineData("{ additional_auth: { apiKey: 'abc', clientSecret: 'vault://x/y' } }", 1, 30)]
    [InlineData("{ description: 'my key sk-proj-0123456789abcdefghij' }", 1, 24)]
    [InlineData("{} // sk-0123456789abcdefghij", 1, 7)]
    [InlineData("{ endpoint: 'https://me:secret@host/v1' }", 1, 14)]
    public void Reports_a_literal_key_in_a_file_at_its_position(string text, int line, int column)
    {
        Save("x.json5", text);
        var problem = Assert.Single(providers.Get("x")!.Problems, problem => problem.Message == LiteralSecrets.Message);
        Assert.Equal((line, column, true), (problem.Line, problem.Column, problem.IsError));
        Assert.All(providers.Get("x")!.Problems, other => Assert.DoesNotContain("abc", other.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{ provider_type: 'anthropic', api_key_ref: 'vault://anthropic/api_key' }")]
    [InlineData("{ api_key_ref: '', provider_type: 'gemini', max_tokens: 5 }")]
    [InlineData("{ headers: { Authorization: 'Bearer vault://x/api_key', 'X-Key-Id': 'public' } }")]
    [InlineData("{ additional_auth: { token_file: '/run/token', project: 'p' }, description: 'sk-learn-something-very-long' }")]
    public void Addresses_of_keys_and_things_about_keys_are_no_problem(string text)
    {
        Save("x.json5", text);
        Assert.Empty(providers.Get("x")!.Problems);
    }

    [Fact]
    public void A_new_provider_is_written_nicely_and_privately()
    {
        var codex = providers.Create(
            "my-server",
            Json5Object.Of(("name", new Json5String("Mine")), ("provider_type", new Json5String("ollama")))
        );
        Assert.Empty(codex.Problems);
        Assert.Equal("{\n  name: \"Mine\",\n  provider_type: \"ollama\",\n}\n", File.ReadAllText(codex.Path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(codex.Path));
        }

        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Create("my-server", Json5Object.Empty)));
        Assert.Equal(FailureKind.NotFound, Fails(() => providers.Create("../escape", Json5Object.Empty)));
        Assert.Equal(
            FailureKind.PermissionDenied,
            Fails(() => providers.Create("other", Json5Object.Of(("api_key_ref", new Json5String("abc")))))
        );
        Assert.Single(providers.List());
    }

    [Fact]
    public void Setting_a_value_keeps_everything_else_in_the_file()
    {
        Save("x.json5", "\uFEFF// mine\r\n{\r\n  provider_type: 'ollama', // local\r\n  model: 'small',\r\n}\r\n");
        providers.Set("x", "model", new Json5String("large"));
        providers.Set("x", ["headers", "region"], new Json5String("eu"));
        Assert.Equal(
            "\uFEFF// mine\r\n{\r\n  provider_type: 'ollama', // local\r\n  model: \"large\",\r\n  headers: {\r\n    region: \"eu\",\r\n  },\r\n}\r\n",
            Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(paths.Providers, "x.json5")))
        );
        Assert.False(providers.Unset("x", ["model"]).Values.Has("model"));
        Assert.Equal(
            FailureKind.PermissionDenied,
            Fails(() => providers.Set("x", ["headers", "Authorization"], new Json5String("Bearer abc")))
        );
        Assert.Equal(FailureKind.NotFound, Fails(() => providers.Set("y", "model", new Json5String("m"))));
    }

    [Fact]
    public void A_file_with_an_error_is_not_changed()
    {
        Save("x.json5", "{ model: 'a'");
        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Set("x", "model", new Json5String("b"))));
        Assert.Equal("{ model: 'a'", File.ReadAllText(Path.Combine(paths.Providers, "x.json5")));
    }

    [Fact]
    public void A_deleted_provider_lies_in_the_trash()
    {
        foreach (var content in (string[])["{ name: 'first' }", "{ name: 'second' }"])
        {
            Save("x.json5", content);
            Assert.Equal(content, File.ReadAllText(providers.Delete("x")));
        }

        Assert.Empty(providers.List());
        Assert.Equal(2, Directory.GetFiles(paths.Trash).Length);
        Assert.Equal(FailureKind.NotFound, Fails(() => providers.Delete("x")));
    }

    [Fact]
    public void A_linked_file_stays_a_link()
    {
        var target = Path.Combine(paths.Home, "dotfiles.json5");
        File.WriteAllBytes(target, "{ model: 'a' }"u8.ToArray());
        Directory.CreateDirectory(paths.Providers);
        File.CreateSymbolicLink(Path.Combine(paths.Providers, "x.json5"), target);
        providers.Set("x", "model", new Json5String("b"));
        Assert.Equal("{ model: \"b\" }", File.ReadAllText(target));
        Assert.NotNull(new FileInfo(Path.Combine(paths.Providers, "x.json5")).LinkTarget);
    }

    [Fact]
    public void Changes_made_at_the_same_time_are_all_kept()
    {
        Save("x.json5", "{}");
        Parallel.For(0, 20, i => providers.Set("x", ["headers", $"h{i}"], new Json5String("v")));
        Assert.Equal(20, providers.Get("x")!.Values.GetStringMap("headers").Count);
    }

    [Fact]
    public void The_placeholder_of_a_redacted_key_never_overwrites_the_key()
    {
        const string Own = "{ api_key: 'real', headers: { region: 'eu' } }";
        Save("x.json5", Own);
        var shown = providers.Format.Redact(Own);
        Assert.DoesNotContain("real", shown);
        Assert.Equal(FailureKind.PermissionDenied, Fails(() => providers.Replace("x", null, shown)));
        Assert.Equal(
            FailureKind.PermissionDenied,
            Fails(() => providers.Set("x", ["headers", "region"], new Json5String(RedactedJson.Redacted)))
        );
        Assert.Equal(Own, File.ReadAllText(Path.Combine(paths.Providers, "x.json5")));
    }

    private static FailureKind Fails(Action action) => Assert.Throws<FailureException>(action).Failure.Kind;

    private void Save(string name, string text) => Save(name, Encoding.UTF8.GetBytes(text));

    private void Save(string name, byte[] bytes) => DocumentFile.Replace(Path.Combine(paths.Providers, name), bytes);
}

using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Codices;

public sealed class VersionTests : IDisposable
{
    private const string Commented = "// My own.\r\n{ provider_type: 'ollama', /* small */ model: 'a', }\r\n";
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-versions-").FullName);
    private readonly FileCodices providers;

    public VersionTests() => providers = FileCodices.Providers(paths, new TemplateCatalog(paths));

    public void Dispose() => Directory.Delete(paths.Home, recursive: true);

    [Fact]
    public void Undo_and_redo_bring_versions_back_byte_for_byte()
    {
        Save("x", Commented);
        providers.Set("x", "model", new Json5String("b"));
        var changed = Bytes("x");
        providers.Undo("x");
        Assert.Equal(Commented, Encoding.UTF8.GetString(Bytes("x")));
        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Undo("x")));
        providers.Redo("x");
        Assert.Equal(changed, Bytes("x"));
        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Redo("x")));
        Assert.Equal(
            [("outside", "created"), ("you", "changed"), ("you", "undo"), ("you", "redo")],
            Trail("x").Versions.Select(version => (version.Author, version.Kind))
        );
    }

    [Fact]
    public void An_external_edit_is_a_version_and_can_be_undone()
    {
        providers.Create("x", Json5Object.Of(("provider_type", new Json5String("tour"))));
        var own = Bytes("x");
        Save("x", Commented);
        Assert.Equal((2, "outside"), (Trail("x").Number, Trail("x").Versions[^1].Author));
        // The external edit was not read before this change, but is kept, too.
        Save("x", Commented + "// later\n");
        providers.Set("x", "model", new Json5String("b"));
        Assert.Equal(4, Trail("x").Number);
        providers.Undo("x");
        Assert.EndsWith("// later\n", Encoding.UTF8.GetString(Bytes("x")), StringComparison.Ordinal);
        providers.Undo("x");
        providers.Undo("x");
        Assert.Equal(own, Bytes("x"));
    }

    [Fact]
    public void An_undo_of_which_only_the_file_was_kept_can_still_be_redone()
    {
        providers.Create("x", Json5Object.Of(("provider_type", new Json5String("tour"))));
        var first = Bytes("x");
        providers.Set("x", "model", new Json5String("a"));
        var second = Bytes("x");
        File.WriteAllBytes(Path.Combine(paths.Providers, "x.json5"), first);
        providers.Redo("x");
        Assert.Equal(second, Bytes("x"));
        Assert.Equal(
            [("you", "created"), ("you", "changed"), ("outside", "undo"), ("you", "redo")],
            Trail("x").Versions.Select(version => (version.Author, version.Kind))
        );
    }

    [Fact]
    public void A_change_after_an_undo_ends_redo_and_the_trail_keeps_everything()
    {
        providers.Create("x", Json5Object.Of(("provider_type", new Json5String("tour"))));
        providers.Set("x", "model", new Json5String("a"));
        providers.Undo("x");
        providers.Set("x", "model", new Json5String("b"));
        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Redo("x")));
        Assert.Equal(4, Trail("x").Number);
        Assert.Contains(
            "\"a\"",
            Encoding.UTF8.GetString(providers.ContentOf(CodexUri.Parse("codex://providers/x"), 2)!),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_deleted_document_comes_back_with_its_history()
    {
        Save("x", Commented);
        providers.Set("x", "model", new Json5String("b"));
        providers.Delete("x");
        Assert.Null(providers.Get("x"));
        Assert.Equal("x", Assert.Single(providers.Deleted()).Id);
        providers.Restore("x");
        Assert.Empty(providers.Deleted());
        Assert.Equal(["created", "changed", "deleted", "restored"], Trail("x").Versions.Select(version => version.Kind));
        providers.Undo("x");
        Assert.Equal(Commented, Encoding.UTF8.GetString(Bytes("x")));
        Assert.Equal(FailureKind.NotFound, Fails(() => providers.Restore("x")));
        Assert.Equal(FailureKind.NotFound, Fails(() => providers.Restore("../x")));
    }

    [Fact]
    public void Restore_never_overwrites_another_document()
    {
        Save("x", "{}");
        providers.Delete("x");
        Save("x", Commented);
        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Restore("x")));
        Assert.Equal(Commented, Encoding.UTF8.GetString(Bytes("x")));
        providers.Delete("x");
        providers.Restore("x");
        Assert.Equal(Commented, Encoding.UTF8.GetString(Bytes("x")));
    }

    [Fact]
    public void A_key_typed_into_a_file_stays_out_of_its_history()
    {
        const string secret = "sk-abcdefghijklmnop1234567890";
        Save("x", $"{{ provider_type: 'openai', api_key: '{secret}' }}");
        Assert.Equal((1, null), (Trail("x").Number, providers.ContentOf(CodexUri.Parse("codex://providers/x"), 1)));
        providers.Unset("x", ["api_key"]);
        Assert.Equal(FailureKind.Conflict, Fails(() => providers.Undo("x")));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(paths.History, "*", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains(secret, StringComparison.Ordinal)
        );
        Assert.Equal(FailureKind.PermissionDenied, Fails(() => providers.Replace("x", null, $"{{ headers: {{ a: '{secret}' }} }}")));
    }

    [Fact]
    public void A_version_of_more_than_256_KiB_or_of_other_bytes_comes_back_whole()
    {
        var prompts = new FileCodices(new PromptFormat(), paths.Prompts, paths);
        var large = string.Concat(Enumerable.Repeat("A line with ä and \u2028.\n", 20_000));
        prompts.Create("long", large, VersionAuthor.User, "Created");
        prompts.Replace("long", null, "short");
        prompts.Undo("long");
        Assert.Equal(large, File.ReadAllText(Path.Combine(paths.Prompts, "long.md")));
        Assert.InRange(new FileInfo(Path.Combine(paths.History, "prompts", "long.jsonl")).Length, 1, 10_000);

        byte[] odd = [0xFF, 0x00, 0xC3];
        File.WriteAllBytes(Path.Combine(paths.Prompts, "odd.md"), odd);
        prompts.Replace("odd", null, "text");
        prompts.Undo("odd");
        Assert.Equal(odd, File.ReadAllBytes(Path.Combine(paths.Prompts, "odd.md")));
    }

    [Fact]
    public void A_damaged_history_is_read_as_far_as_it_is_good_and_goes_on()
    {
        providers.Create("x", Json5Object.Of(("provider_type", new Json5String("tour"))));
        providers.Set("x", "model", new Json5String("a"));
        var file = Path.Combine(paths.History, "providers", "x.jsonl");
        using (var stream = new FileStream(file, FileMode.Append))
        {
            stream.Write("{\"seq\":4,\"ti"u8);
        }

        Assert.Equal(2, Trail("x").Number);
        providers.Set("x", "model", new Json5String("b"));
        Assert.Equal([1, 2, 3], Trail("x").Versions.Select(version => version.Number));
    }

    [Fact]
    public void A_stored_version_that_a_disk_has_damaged_is_made_whole_by_the_next_of_the_same_bytes()
    {
        var large = $"{{ provider_type: 'tour', description: '{new string('x', 300_000)}' }}";
        Save("x", large);
        Trail("x");
        var blob = Directory.GetFiles(Path.Combine(paths.History, "blobs")).Single();
        File.WriteAllText(blob, "damaged");
        Save("x", Commented);
        Trail("x");
        Save("x", large);
        Trail("x");
        Assert.Equal(
            [large, Commented, large],
            Enumerable
                .Range(1, 3)
                .Select(number => Encoding.UTF8.GetString(providers.ContentOf(CodexUri.Parse("codex://providers/x"), number) ?? []))
        );
    }

    [Fact]
    public async Task Two_writers_at_once_lose_no_version()
    {
        Save("x", "{ provider_type: 'tour' }");
        var writers = Enumerable
            .Range(0, 4)
            .Select(writer =>
                Task.Run(() =>
                {
                    var own = FileCodices.Providers(paths, new TemplateCatalog(paths));
                    for (var i = 0; i < 10; i++)
                    {
                        own.Set("x", ["headers", $"w{writer}-{i}"], new Json5String("v"));
                    }
                })
            );
        await Task.WhenAll(writers);
        Assert.Equal(40, providers.Get("x")!.Values.GetObject("headers")!.Members.Count);
        Assert.Equal(41, Trail("x").Number);
        Assert.All(Trail("x").Versions.Skip(1), version => Assert.Equal("you", version.Author));
    }

    [Fact]
    public void Settings_changed_by_two_writers_at_once_are_all_kept()
    {
        Parallel.For(0, 20, i => UserConfig.Set(paths, $"own_{i}", new Json5Number(i)));
        Assert.Equal(20, UserConfig.Read(paths).Values.Members.Count);
    }

    /// <summary>After random edits, undos, redos, deletions and external edits, every version still has the bytes of the file at that time.</summary>
    [Fact]
    public void Each_version_keeps_its_bytes_under_random_changes()
    {
        var steps = Gen.Elements("set", "undo", "redo", "outside", "delete", "restore").ArrayOf(25);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(12),
            Prop.ForAll(
                steps.ToArbitrary(),
                sequence =>
                {
                    var home = new PluePaths(Directory.CreateDirectory(Path.Combine(paths.Home, Guid.NewGuid().ToString("N"))).FullName);
                    var files = FileCodices.Providers(home, new TemplateCatalog(home));
                    var uri = CodexUri.Parse("codex://providers/x");
                    var path = Path.Combine(home.Providers, "x.json5");
                    files.Create("x", Json5Object.Of(("provider_type", new Json5String("tour"))));
                    var seen = new Dictionary<long, byte[]> { [1] = File.ReadAllBytes(path) };
                    for (var i = 0; i < sequence.Length; i++)
                    {
                        try
                        {
                            switch (sequence[i])
                            {
                                case "set":
                                    files.Set("x", "model", new Json5String($"m{i}"));
                                    break;
                                case "undo":
                                    files.Undo("x");
                                    break;
                                case "redo":
                                    files.Redo("x");
                                    break;
                                case "delete":
                                    files.Delete("x");
                                    break;
                                case "restore":
                                    files.Restore("x");
                                    break;
                                default:
                                    Directory.CreateDirectory(home.Providers);
                                    File.WriteAllText(path, $"{{ provider_type: 'tour' }} // outside {i}");
                                    break;
                            }
                        }
                        catch (FailureException failure) when (failure.Failure.Kind is FailureKind.Conflict or FailureKind.NotFound) { }

                        var trail = files.TrailOf(uri);
                        Assert.Equal(trail.Number, trail.Versions.Count);
                        if (File.Exists(path))
                        {
                            seen[trail.Number] = File.ReadAllBytes(path);
                        }
                        foreach (var (number, bytes) in seen)
                        {
                            Assert.Equal(bytes, files.ContentOf(uri, number));
                        }
                    }

                    return true;
                }
            )
        );
    }

    private VersionTrail Trail(string id) => providers.TrailOf(CodexUri.Of(CodexCollection.Providers, id));

    private byte[] Bytes(string id) => File.ReadAllBytes(Path.Combine(paths.Providers, id + ".json5"));

    private void Save(string id, string text)
    {
        Directory.CreateDirectory(paths.Providers);
        File.WriteAllText(Path.Combine(paths.Providers, id + ".json5"), text);
    }

    private static FailureKind Fails(Action act) => Assert.Throws<FailureException>(act).Failure.Kind;
}

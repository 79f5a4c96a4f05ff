using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Architecture;

/// <summary>The rules of STYLE.md that a test can hold, each under its number. What only a reader can judge stands in review.</summary>
public partial class HouseRulesTests
{
    private const int LongestLine = 260;

    private static readonly Lazy<IReadOnlyList<SourceFile>> Server = new(() => [.. Files("server", "*.cs")]);
    private static readonly Lazy<IReadOnlyList<SourceFile>> Tests = new(() => [.. Files("tests", "*.cs")]);
    private static readonly Lazy<IReadOnlyList<SourceFile>> TypeScript = new(() => [.. Files("extension/src", "*.ts")]);

    /// <summary>One word each: the ones that would be a second word for what the design already has one for, or that name nothing.</summary>
    private static readonly string[] Synonyms =
    [
        "Helper", "Helpers", "Util", "Utils", "Utilities", "Manager", "Misc", "Common",
        "Dialogue", "Persona", "Wallet", "Plugin", "Bot", "Assistant", "Blueprint", "KeyStore", "SecretStore", "Logbook",
    ];

    /// <summary>Where a test lets time pass, how often, and why no event can be awaited there.</summary>
    private static readonly (string File, int Count, string Why)[] TimedWaits =
    [
        ("Plue.Server.Tests/Chat/ProgramRoundsTests.cs", 2, "The inbox is looked at again until a question is in it, or out of it."),
        ("Plue.Server.Tests/Chat/StopTests.cs", 1, "A provider that talks on, a word at a time."),
        ("Plue.Server.Tests/Chat/ToolTurnTests.cs", 1, "Looked at again until it holds: files and processes tell nothing."),
        ("Plue.Server.Tests/Edits/EditLogTests.cs", 1, "A file touched just now is read once more, by the clock of the disk."),
        ("Plue.Server.Tests/Platform/ChildProcessTests.cs", 1, "Looked at again until a process of the system has begun or ended."),
        ("Plue.Server.Tests/Providers/ClaudeCode/ClaudeCodeAgentTests.cs", 2, "Shows that nothing happens meanwhile; and looks again for what another process does."),
        ("Plue.Server.Tests/Providers/ClaudeCode/ClaudeCodeProviderTests.cs", 1, "Looked at again until another process has written."),
        ("Plue.Server.Tests/Rpc/SidecarProcessTests.cs", 1, "Looks for a file that another process writes."),
        ("Plue.Server.Tests/Rpc/SpecialFilesTests.cs", 1, "A full pipe tells nothing: the write that fills it just does not end."),
        ("Plue.Server.Tests/Store/ChatJournalTests.cs", 3, "Kills at a random moment; and looks for what is written a little later."),
        ("Plue.Server.Tests/Store/ChatStoreTests.cs", 1, "Two chats whose times differ."),
        ("Plue.Server.Tests/Store/MigrationTests.cs", 1, "Kills at a random moment."),
        ("Plue.Server.Tests/Store/TwoWritersTests.cs", 1, "Reads again and again while two processes write."),
        ("Plue.Server.Tests/Testing/OwnTemporaryFolder.cs", 1, "A program that was ended still lets go of its files."),
        ("Plue.Server.Tests/Testing/ScriptedEndpoint.cs", 1, "A vendor that takes its time."),
        ("Plue.Server.Tests/Tools/SearchToolTests.cs", 1, "A search is under way, which tells nothing before it ends."),
        ("Tools/FaultStory/Story.cs", 1, "Looked at again until it is on the disk, before a fault is made."),
        ("Tools/JournalWriter/Program.cs", 2, "Writes unevenly, to be killed anywhere; and looks again until it is on the disk."),
        ("e2e/scenarios/longChat.mjs", 1, "A place is written down a moment after the last movement."),
        ("bench/installed.mjs", 1, "A page is looked at often, so that the moment its first message is there is known."),
        ("e2e/look/states/chats.mjs", 1, "The sidecar is killed again once its next life has begun."),
        ("e2e/runner/workbench.mjs", 1, "Waits until something outside the page is so, which tells nothing."),
    ];

    [Fact]
    public void House_rule_1_A_message_has_the_same_word_on_the_wire_and_in_code()
    {
        var methods = MethodFields().Matches(Read("server/Plue.Protocol/Methods.cs"));
        Assert.True(methods.Count > 80, $"Only {methods.Count} messages were found.");
        foreach (Match match in methods)
        {
            Assert.Equal(match.Groups[1].Value, string.Concat(match.Groups[2].Value.Split('/').Select(part => char.ToUpperInvariant(part[0]) + part[1..])), ignoreCase: false);
        }
    }

    [Fact]
    public void House_rule_1_No_type_and_no_file_brings_a_second_word_for_a_thing()
    {
        var types = Server.Value.SelectMany(file => file.Types.Select(type => (Name: type, File: file.Path)));
        var files = TypeScript.Value.Select(file => (Name: char.ToUpperInvariant(file.Name[0]) + file.Name[1..], File: file.Path));
        Assert.Empty(types.Concat(files).Where(one => Synonyms.Any(word => LastWord().Match(one.Name).Value == word || one.Name == word)).Select(one => $"{one.Name} in {one.File}"));
    }

    [Fact]
    public void House_rule_2_A_file_is_named_for_a_noun_that_it_holds()
    {
        // Three programs in one table; part of a class whose other part has its name.
        string[] families = ["KeychainPrograms", "VaultState"];
        var others = Server.Value.Where(file => file.Path.StartsWith("server/Plue.Server/", StringComparison.Ordinal) && file.Types.Count > 0 && !file.Types.Contains(file.Name));
        Assert.Empty(others.Where(file => !families.Contains(file.Name)).Select(file => $"{file.Path} holds {string.Join(", ", file.Types)}"));
    }

    [Fact]
    public void House_rule_4_What_is_caught_and_left_has_its_reason_beside_it()
    {
        var left = Server.Value.Concat(TypeScript.Value).SelectMany(file => EmptyCatches(file.Text).Select(line => $"{file.Path}:{line} swallows a failure without a word."));
        Assert.Empty(left);
    }

    [Theory]
    [InlineData("try { a(); } catch (IOException) { }", true)]
    [InlineData("// See https://example.com.\ntry { a(); }\ncatch (Exception fault) when (fault is IOException or (FormatException))\n{\n}", true)]
    [InlineData("try { a(); } catch { // Not there.\n}", false)]
    [InlineData("try { a(); } catch (IOException) { /* Not there. */ }", false)]
    [InlineData("void a().catch(() => {});", true)]
    [InlineData("void a().catch(() => { /* Told elsewhere. */ });", false)]
    public void Only_a_word_between_the_braces_is_a_reason(string source, bool isLeft) => Assert.Equal(isLeft, EmptyCatches(source).Any());

    /// <returns>The lines that they begin on.</returns>
    private static IEnumerable<int> EmptyCatches(string source) => EmptyCatch().Matches(source).Select(match => source.AsSpan(0, match.Index).Count('\n') + 1);

    [Fact]
    public void House_rule_5_Messages_know_no_JSON()
    {
        Assert.Empty(Server.Value.Where(file => file.Path.StartsWith("server/Plue.Server/Messages/", StringComparison.Ordinal) && file.Text.Contains("[Json", StringComparison.Ordinal)).Select(file => file.Path));
    }

    [Fact]
    public void House_rule_5_A_secret_is_asked_for_only_where_a_request_is_built_or_a_program_started()
    {
        string[] exits =
        [
            "Providers/Bedrock/AwsCredentials.cs", "Providers/ClaudeCode/ClaudeCodeEnvironment.cs", "Providers/Connections/OAuth/OAuthServer.cs", "Providers/Connections/OAuth/OAuthTokens.cs",
            "Providers/External/ExternalProvider.cs", "Providers/Http/ApiKeyCredential.cs", "Providers/Http/ProviderConnection.cs", "Providers/VertexAi/GoogleAccount.cs",
            "Tools/Mcp/McpConnection.cs", "Tools/Mcp/McpTokens.cs",
        ];
        var askers = Server.Value.Where(file => SecretCall().IsMatch(file.Text)).Select(file => file.Path["server/Plue.Server/".Length..]);
        Assert.Equal(exits, askers.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void House_rule_6_A_sentence_of_a_failure_has_no_exclamation_mark()
    {
        foreach (var file in Server.Value)
        {
            foreach (Match match in FailureSentence().Matches(file.Text)) { Assert.False(Holes().Replace(match.Groups[1].Value, "").Contains('!'), $"{file.Path}: {match.Groups[1].Value}"); }
        }
    }

    [Fact]
    public void House_rule_7_Nothing_is_left_for_later_in_a_comment()
    {
        var marks = new Regex($@"\b({string.Join('|', "TO" + "DO", "FIX" + "ME", "HA" + "CK", "XX" + "X")})\b");
        var all = Server.Value.Concat(Tests.Value).Concat(TypeScript.Value).Concat(Files("scripts", "*.mjs")).Concat(Files("tests", "*.ts")).Concat(Files("tests", "*.mjs"));
        Assert.Empty(all.Where(file => marks.IsMatch(file.Text)).Select(file => file.Path));
    }

    [Fact]
    public void House_rule_7_Every_seam_says_what_it_is()
    {
        var seams = Server.Value.Where(file => SeamName().IsMatch(file.Name)).ToList();
        Assert.True(seams.Count > 10);
        Assert.Empty(seams.Where(file => !DescribedSeam().IsMatch(file.Text)).Select(file => file.Path));
    }

    [Fact]
    public void House_rule_8_A_test_is_a_sentence_and_waits_for_events()
    {
        var names = Tests.Value.SelectMany(file => TestMethods().Matches(file.Text).Select(match => (Name: match.Groups[1].Value, file.Path))).ToList();
        Assert.True(names.Count > 1_000);
        Assert.Empty(names.Where(test => test.Name.Count(character => character == '_') < 2).Select(test => $"{test.Name} in {test.Path}"));
        Assert.Empty(Tests.Value.Where(file => file.Text.Contains("Thread." + "Sleep(", StringComparison.Ordinal)).Select(file => file.Path));
    }

    /// <summary>A wait that only its end is waited for, as <c>Timeout.Infinite</c> is, waits for an event.</summary>
    [Fact]
    public void House_rule_8_Who_waits_for_time_says_why()
    {
        var waits = Tests.Value.Concat(Files("tests", "*.mjs")).Concat(Files("tests", "*.ts"))
            .Select(file => (file.Path, Count: TimedWait().Count(file.Text))).Where(file => file.Count > 0).ToDictionary(file => file.Path["tests/".Length..], file => file.Count);
        Assert.Equal(TimedWaits.ToDictionary(wait => wait.File, wait => wait.Count).OrderBy(wait => wait.Key, StringComparer.Ordinal), waits.OrderBy(wait => wait.Key, StringComparer.Ordinal));
        Assert.All(TimedWaits, wait => Assert.NotEmpty(wait.Why));
    }

    [Fact]
    public void House_rule_9_Suffixes_mean_what_they_say()
    {
        var types = Server.Value.SelectMany(file => file.Types.Select(type => (Name: type, file.Path))).ToList();
        void Only(string suffix, string folder) =>
            Assert.Empty(types.Where(type => type.Name.EndsWith(suffix, StringComparison.Ordinal) && !type.Path.StartsWith(folder, StringComparison.Ordinal)).Select(type => $"{type.Name} in {type.Path}"));

        Only("Handlers", "server/Plue.Server/Rpc/");
        Only("Params", "server/Plue.Protocol/");
        Assert.Empty(types.Where(type => type.Name.EndsWith("Wire", StringComparison.Ordinal) && type.Path is var path
            && !path.StartsWith("server/Plue.Server/Providers/", StringComparison.Ordinal) && !path.StartsWith("server/Plue.Protocol/", StringComparison.Ordinal)).Select(type => type.Path));
    }

    [Fact]
    public void House_rule_10_TypeScript_has_no_escape_comments()
    {
        Assert.Empty(TypeScript.Value.Where(file => TypeScriptEscape().IsMatch(file.Text)).Select(file => file.Path));
    }

    [Fact]
    public void Every_dependency_is_pinned_to_one_version()
    {
        var package = JsonNode.Parse(Read("package.json"))!;
        foreach (var kind in new[] { "dependencies", "devDependencies" })
        {
            foreach (var (name, version) in package[kind]!.AsObject()) { Assert.True(ExactVersion().IsMatch((string?)version ?? ""), $"{name} is {version}."); }
        }

        foreach (Match match in PackageVersions().Matches(Read("Directory.Packages.props"))) { Assert.Matches(ExactVersion(), match.Groups[1].Value); }

        Assert.Empty(Files("server", "*.csproj").Concat(Files("tests", "*.csproj")).Where(file => file.Text.Contains("PackageReference", StringComparison.Ordinal) && file.Text.Contains(" Version=\"", StringComparison.Ordinal)).Select(file => file.Path));
    }

    /// <summary>Lists of words and schemas are one literal and stay whole.</summary>
    [Fact]
    public void No_line_is_longer_than_a_wide_screen()
    {
        var lines = Server.Value.Concat(TypeScript.Value.Where(file => !file.Name.EndsWith(".generated", StringComparison.Ordinal)))
            .SelectMany(file => WithoutLiterals(file.Text, file.IsTypeScript).Split('\n').Select((line, at) => (line, Place: $"{file.Path}:{at + 1}"))).ToList();
        Assert.Empty(lines.Where(one => one.line.Length > LongestLine).Select(one => one.Place));
    }

    private static string WithoutLiterals(string source, bool isTypeScript) => (isTypeScript ? TypeScriptLiterals() : Literals()).Replace(source, match => new string('\n', match.Value.Count(character => character == '\n')));

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    private static IEnumerable<SourceFile> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => !BuiltFolders().IsMatch(path))
            .Select(path => new SourceFile(path, Read(path)));

    private sealed record SourceFile(string Path, string Text)
    {
        public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

        public bool IsTypeScript => Path.EndsWith(".ts", StringComparison.Ordinal);

        /// <summary>Those that are in no other type.</summary>
        public IReadOnlyList<string> Types { get; } = [.. TypeHeads().Matches(Text).Select(match => match.Groups[1].Value)];
    }

    [GeneratedRegex(@"Rpc(?:Request|Notification)<[^=]*> (\w+) = new\(""([\w/]+)""\)")]
    private static partial Regex MethodFields();

    [GeneratedRegex(@"[A-Z][a-z]+$")]
    private static partial Regex LastWord();

    [GeneratedRegex(@"\bcatch\s*(\([^)]*\))?\s*(when \([^{]*\))?\s*(=>\s*)?\{\s*\}")]
    private static partial Regex EmptyCatch();

    /// <summary>Only a raw one goes over the end of a line.</summary>
    [GeneratedRegex(@"""{3}[\s\S]*?""{3}|""(?:[^""\\\n]|\\.)*""|'(?:[^'\\\n]|\\[^'\n]+|\\')'")]
    private static partial Regex Literals();

    [GeneratedRegex(@"""(?:[^""\\\n]|\\.)*""|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`")]
    private static partial Regex TypeScriptLiterals();

    [GeneratedRegex(@"\b[sS]ecrets?(Source)?\.GetAsync\(")]
    private static partial Regex SecretCall();

    [GeneratedRegex(@"(?:new Failure\(FailureKind\.\w+,|FailureException\(FailureKind\.\w+,|ToolFailureException\()\s*\$?""((?:[^""\\]|\\.)*)""")]
    private static partial Regex FailureSentence();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Holes();

    [GeneratedRegex(@"^I[A-Z][a-z]")]
    private static partial Regex SeamName();

    [GeneratedRegex(@"/// (<summary>|</summary>|[^\n]*</summary>)[^\n]*\n(///[^\n]*\n)*(\[[^\n]*\n)*(public|internal) interface")]
    private static partial Regex DescribedSeam();

    [GeneratedRegex(@"\bTask\.Delay\((?!(?:System\.Threading\.)?Timeout\.Infinite)|\.waitForTimeout\(")]
    private static partial Regex TimedWait();

    [GeneratedRegex(@"\[(?:Fact|Theory)[^\]]*\][\s\S]*?public (?:async )?(?:Task|void|ValueTask) (\w+)\(")]
    private static partial Regex TestMethods();

    [GeneratedRegex(@"@ts-(ignore|nocheck|expect-error)")]
    private static partial Regex TypeScriptEscape();

    [GeneratedRegex(@"^\d+\.\d+\.\d+(-[\w.]+)?$")]
    private static partial Regex ExactVersion();

    [GeneratedRegex(@"<PackageVersion Include=""[^""]+"" Version=""([^""]+)""")]
    private static partial Regex PackageVersions();

    [GeneratedRegex(@"(^|/)(obj|bin|node_modules|artifacts)/")]
    private static partial Regex BuiltFolders();

    [GeneratedRegex(@"(?m)^(?:public |internal |private )*(?:sealed |static |abstract |partial |readonly |file |unsafe )*(?:class|record struct|record|struct|interface|enum) (\w+)")]
    private static partial Regex TypeHeads();
}

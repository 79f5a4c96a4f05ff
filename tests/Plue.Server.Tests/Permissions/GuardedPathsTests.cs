using Plue.Server.Permissions;

namespace Plue.Server.Tests.Permissions;

public sealed class GuardedPathsTests : IDisposable
{
    private readonly PermissionFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData(".vscode/settings.json")]
    [InlineData("sub/.vscode/tasks.json")]
    [InlineData("x.code-workspace")]
    [InlineData(".git/config")]
    [InlineData(".git/hooks/pre-commit")]
    [InlineData(".git")]
    [InlineData("nested.git/config")]
    [InlineData(".gitmodules")]
    [InlineData(".github/workflows/ci.yml")]
    [InlineData(".github/actions/build/action.yml")]
    [InlineData(".github/hooks/check.json")]
    [InlineData(".github/copilot-instructions.md")]
    [InlineData(".config/fish/config.fish")]
    [InlineData(".config/git/config")]
    [InlineData(".devcontainer/devcontainer.json")]
    [InlineData(".idea/workspace.xml")]
    [InlineData(".husky/pre-commit")]
    [InlineData(".bashrc")]
    [InlineData(".zshrc")]
    [InlineData(".profile")]
    [InlineData(".mcp.json")]
    [InlineData(".claude/settings.json")]
    [InlineData(".cursor/rules/x.mdc")]
    [InlineData(".roo/mcp.json")]
    [InlineData(".env")]
    [InlineData(".env.local")]
    [InlineData("package.json")]
    [InlineData(".plue/mcp.json")]
    [InlineData(".ripgreprc")]
    [InlineData(".npmrc")]
    public void SEC_10_A_file_that_decides_what_runs_is_asked_about_each_time_and_the_danger_named(string path)
    {
        var verdict = fixture.Change(path, fixture.Agent(PermissionMode.EditFreely, allow: ["write", "edit", "write(**)"]));
        Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
        Assert.Equal(fixture.At(path), verdict.Where);
        Assert.Contains(": ", verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AGENTS.md")]
    [InlineData("sub/agents.md")]
    [InlineData("CLAUDE.md")]
    [InlineData(".cursorrules")]
    [InlineData(".github/instructions/x.md")]
    [InlineData(".github/prompts/x.prompt.md")]
    [InlineData(".github/agents/x.md")]
    [InlineData(".github/chatmodes/x.md")]
    [InlineData(".aider.chat.history.md")]
    public void SEC_58_Instruction_files_need_approval_each_time(string path)
    {
        var verdict = fixture.Change(path, fixture.Agent(PermissionMode.EditFreely, allow: ["write"]));
        Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
        Assert.Contains("models", verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".VSCode/settings.json")]
    [InlineData(".GIT/config")]
    [InlineData("Package.JSON")]
    [InlineData(".vscode./settings.json")]
    [InlineData(".vscode /settings.json")]
    [InlineData(".git::$INDEX_ALLOCATION/config")]
    [InlineData(".mcp.json:stream")]
    [InlineData("GIT~1/config")]
    [InlineData(".g\u200cit/config")]
    [InlineData(".v\u017fcode/settings.json")]
    [InlineData(".hus\u212ay/x")]
    [InlineData("\uff0egit/config")]
    [InlineData("sub/../.git/config")]
    [InlineData("./.git//config")]
    [InlineData(".git/")]
    [InlineData("link/settings.json")]
    [InlineData("chain/settings.json")]
    [InlineData("dangling")]
    [InlineData("top/.vscode/x")]
    public void SEC_11_SEC_12_Guarded_paths_are_recognized_in_any_spelling_whether_or_not_they_exist(string path)
    {
        fixture.Link("link", ".vscode");
        fixture.Link("chain", "link");
        fixture.Link("dangling", ".mcp.json");
        fixture.Link("top", ".");
        Assert.Equal(Decision.Ask, fixture.Change(path, fixture.Agent(PermissionMode.EditFreely, allow: ["write"])).Decision);
    }

    [Theory]
    [InlineData(".cargo/config.toml", "cargo")]
    [InlineData("crates/core/build.rs", "cargo")]
    [InlineData(".mise.toml", "shell")]
    [InlineData(".mvn/extensions.xml", "Maven")]
    [InlineData("gradle/wrapper/gradle-wrapper.properties", "Gradle")]
    [InlineData("gradlew", "Gradle")]
    [InlineData("Directory.Build.targets", "MSBuild")]
    [InlineData("src/App/App.csproj", "MSBuild")]
    [InlineData("NuGet.Config", "packages")]
    [InlineData(".config/dotnet-tools.json", "tools")]
    [InlineData(".bazelrc", "Bazel")]
    [InlineData("tools/bazel", "Bazel")]
    [InlineData("Makefile", "make")]
    [InlineData("CMakeLists.txt", "CMake")]
    [InlineData("tests/conftest.py", "pytest")]
    [InlineData("sitecustomize.py", "Python")]
    [InlineData("lib/evil.pth", "Python")]
    [InlineData("eslint.config.mjs", "linters")]
    [InlineData(".eslintrc.cjs", "linters")]
    [InlineData(".prettierrc.mjs", "formatters")]
    [InlineData(".pylintrc", "linters")]
    [InlineData("jest.config.ts", "test runners")]
    [InlineData("packages/a/vitest.config.ts", "test runners")]
    [InlineData(".clangd", "language servers")]
    [InlineData("omnisharp.json", "language servers")]
    [InlineData("node_modules/eslint/index.js", "load code")]
    [InlineData("ESLINT.CONFIG.JS", "linters")]
    public void Files_that_run_automatically_need_approval_in_every_mode_and_name_the_program(string path, string runs)
    {
        foreach (var mode in new[] { PermissionMode.Ask, PermissionMode.EditFreely })
        {
            var verdict = fixture.Change(path, fixture.Agent(mode, allow: ["write", "write(**)"]));
            Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
            Assert.Contains(runs, verdict.Reason[verdict.Reason.LastIndexOf(':')..], StringComparison.Ordinal);
        }

        Assert.Equal(
            Decision.Ask,
            fixture.Command($"echo x > {path}", fixture.Agent(PermissionMode.EditFreely, allow: ["bash", "write"])).Decision
        );
        Assert.Equal(
            Decision.Ask,
            fixture.Command($"cp a.txt {path}", fixture.Agent(PermissionMode.EditFreely, allow: ["bash(cp *)"])).Decision
        );
    }

    [Fact]
    public void A_guarded_file_that_the_user_takes_for_an_ordinary_one_is_freely_edited_and_no_other()
    {
        using var free = new PermissionFixture(ordinaryFiles: ["makefile", "eslint.config.*", ".git", "*"]);
        Assert.Equal((Decision.Allow, Decision.Allow), (free.Change("Makefile").Decision, free.Change("a/eslint.config.js").Decision));
        Assert.All(
            [".vscode/Makefile", "package.json", "GNUmakefile", ".eslintrc", ".git/config"],
            path => Assert.Equal(Decision.Ask, free.Change(path).Decision)
        );
    }

    [Fact]
    public void Each_list_entry_is_unique_and_has_a_reason()
    {
        Assert.Equal(
            GuardedFile.All.Count,
            GuardedFile.All.Select(one => one.Pattern.ToLowerInvariant()).Distinct(StringComparer.Ordinal).Count()
        );
        Assert.All(
            GuardedFile.All,
            one =>
            {
                var example = one.Pattern.Replace("*", "x", StringComparison.Ordinal);
                Assert.NotNull(GuardedPaths.ChangeReason($"/work/sub/{example}", "/work"));
                Assert.DoesNotContain("  ", one.Reason, StringComparison.Ordinal);
                Assert.False(one.Reason.EndsWith('.') || one.Pattern.Any(char.IsWhiteSpace), one.Pattern);
            }
        );
    }

    [Theory]
    [InlineData("bare/HEAD", "bare/objects,bare/refs")]
    [InlineData("bare/HEAD", "bare/refs")]
    [InlineData("deep/down/x/refs/heads/main", "deep/down/x/objects")]
    [InlineData("x/objects/info/alternates", "x/refs")]
    [InlineData("HEAD", "objects,refs")]
    [InlineData("bare/config", "bare/objects,bare/refs,bare/HEAD.")]
    [InlineData("bare/hooks/post-checkout", "bare/objects,bare/refs,bare/HEAD.")]
    [InlineData("bare/commondir", "bare/HEAD.")]
    [InlineData("bare/HEAD", "bare/commondir.")]
    public void A_file_that_makes_its_folder_a_repository_is_asked_about_each_time(string path, string present)
    {
        Make(present);
        var verdict = fixture.Change(path, fixture.Agent(PermissionMode.EditFreely, allow: ["write"]));
        Assert.Equal((Decision.Ask, null), (verdict.Decision, verdict.Rule));
        Assert.Contains("repository", verdict.Reason, StringComparison.Ordinal);
        Assert.Equal(Decision.Ask, fixture.Command($"echo x > {path}", fixture.Agent(PermissionMode.EditFreely)).Decision);
    }

    [Theory]
    [InlineData("src/config", "src")]
    [InlineData("src/config/app.ts", "src/refs")]
    [InlineData("src/refs/a.ts", "src")]
    [InlineData("src/hooks/useX.ts", "src/objects")]
    [InlineData("src/head/index.ts", "src/objects")]
    [InlineData("src/info/a.ts", "src/refs")]
    [InlineData("HEAD", "src")]
    public void Names_that_Git_uses_too_are_freely_edited_in_an_ordinary_folder(string path, string present)
    {
        Make(present);
        Assert.Equal(Decision.Allow, fixture.Change(path).Decision);
    }

    [Theory]
    [InlineData("a.txt")]
    [InlineData("src/new/file.ts")]
    [InlineData(".gitignore")]
    [InlineData(".editorconfig")]
    [InlineData("docs/git/x.md")]
    [InlineData("vscode/settings.json")]
    [InlineData("environment.ts")]
    [InlineData("my-package.json")]
    [InlineData(".github/ISSUE_TEMPLATE.md")]
    [InlineData(".aiderignore")]
    [InlineData("notes~")]
    [InlineData("v1~x.txt")]
    public void An_ordinary_file_is_freely_edited(string path) => Assert.Equal(Decision.Allow, fixture.Change(path).Decision);

    [Theory]
    [InlineData(".env.local", "it holds keys or sign-ins")]
    [InlineData(".aider.conf", "it tells models what to do")]
    [InlineData("GIT~1/config", "it is a short file name that can refer to another file")]
    [InlineData("deep/a~2", "it is a short file name that can refer to another file")]
    public void Explains_the_risk_of_a_similar_name(string path, string why) =>
        Assert.Equal(why, GuardedPaths.ChangeReason($"/work/{path}", "/work"));

    /// <summary>The sandbox must list individual files; those must need approval everywhere else, too.</summary>
    [Fact]
    public void SEC_12_Paths_protected_by_the_sandbox_also_need_approval_outside_of_it() =>
        Assert.All(
            Sandbox.GuardedFolders.Concat(Sandbox.GuardedFiles).Concat(Sandbox.GuardedIfPresent),
            name => Assert.NotNull(GuardedPaths.ChangeReason($"/work/{name}", "/work"))
        );

    /// <param name="present">Folders of the workspace; names that end with a dot are files.</param>
    private void Make(string present)
    {
        foreach (var name in present.Split(','))
        {
            if (name.EndsWith('.'))
            {
                fixture.Write(name.TrimEnd('.'), "ref: refs/heads/main\n");
            }
            else
            {
                Directory.CreateDirectory(fixture.At(name));
            }
        }
    }

    [Fact]
    public void SEC_26_A_folder_beside_the_workspace_with_a_like_name_is_not_in_it()
    {
        Assert.Equal(Decision.Deny, fixture.Change(Path.Combine(fixture.Sibling, "x")).Decision);
        Assert.Equal(Decision.Ask, fixture.Read(Path.Combine(fixture.Sibling, "x")).Decision);
        Assert.Equal(Decision.Ask, fixture.Command($"cat {fixture.Sibling}/x").Decision);
    }

    [Theory]
    [InlineData("file", "/etc/passwd")]
    [InlineData("parent/passwd", null)]
    [InlineData("parent/new", null)]
    [InlineData("first", null)]
    [InlineData("gone", null)]
    [InlineData("loop", null)]
    [InlineData("proc/x", null)]
    [InlineData("up", null)]
    public void SEC_27_A_link_that_leads_out_is_judged_by_where_it_leads(string path, string? target)
    {
        fixture.Link("file", "/etc/passwd");
        fixture.Link("parent", "/etc");
        fixture.Link("second", "parent");
        fixture.Link("first", "second/passwd");
        fixture.Link("gone", "/nowhere/at/all");
        fixture.Link("loop", "loop");
        fixture.Link("proc", "/proc/self/cwd");
        fixture.Link("up", "../proj-evil");
        var (write, read) = (
            fixture.Change(path, fixture.Agent(PermissionMode.EditFreely, allow: ["write(**)"])),
            fixture.Read(path, fixture.Agent(allow: ["read(**)"]))
        );
        Assert.NotEqual(Decision.Allow, write.Decision);
        Assert.NotEqual(Decision.Allow, read.Decision);
        Assert.NotEqual(Decision.Allow, fixture.Command($"cat {path}").Decision);
        Assert.NotEqual(Decision.Allow, fixture.Command($"echo x > {path}", fixture.Agent(PermissionMode.EditFreely)).Decision);
        if (target is not null)
        {
            Assert.Equal(target, read.Where);
        }
    }

    [Fact]
    public void SEC_27_A_step_back_behind_a_link_is_not_believed()
    {
        Directory.CreateDirectory(Path.Combine(fixture.Sibling, "deep"));
        fixture.Link("out", "../proj-evil/deep");
        Assert.Equal(Decision.Ask, fixture.Change("out/../a.txt").Decision);
        Assert.Equal(Decision.Ask, fixture.Read("out/../a.txt").Decision);
        Assert.Equal(Decision.Ask, fixture.Command("cat out/../a.txt").Decision);
    }

    [Theory]
    [InlineData(".env")]
    [InlineData("sub/.env.production")]
    [InlineData(".ENV")]
    [InlineData("id_rsa")]
    [InlineData("cert.pfx")]
    [InlineData("link")]
    public void SEC_25_A_file_with_keys_is_never_read(string path)
    {
        fixture.Link("link", ".env");
        Assert.Equal(Decision.Deny, fixture.Read(path, fixture.Agent(allow: ["read"])).Decision);
    }

    [Fact]
    public void An_example_of_an_environment_is_read() => Assert.Equal(Decision.Allow, fixture.Read(".env.example").Decision);

    [Fact]
    public void Plues_own_folder_is_neither_read_nor_changed()
    {
        var inside = Path.Combine(fixture.Paths.Home, "permissions.json");
        Assert.Equal(Decision.Deny, fixture.Read(inside, fixture.Agent(allow: ["read", "read(/**)"])).Decision);
        Assert.Equal(Decision.Deny, fixture.Change(inside, fixture.Agent(PermissionMode.EditFreely, allow: ["write(/**)"])).Decision);
        Assert.Equal(Decision.Deny, fixture.Command($"cp a.txt {inside}", fixture.Agent(allow: ["bash"])).Decision);
        Assert.Equal(Decision.Deny, fixture.Command($"echo x > {inside}", fixture.Agent(PermissionMode.EditFreely)).Decision);
    }
}

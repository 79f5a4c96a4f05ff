using System.Runtime.InteropServices;
using Plue.Server.Platform;
using Plue.Server.Policy;

namespace Plue.Server.Tests.Policy;

public sealed class ManagedPolicyTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-policy-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Without_a_file_nothing_is_refused()
    {
        var policy = ManagedPolicy.Read(new PluePaths(folder) { Policy = Path.Combine(folder, "none", "policy.json5") });
        Assert.False(policy.Exists);
        Assert.Null(policy.RefusalOfProvider("anthropic", new Uri("https://api.anthropic.com")));
        Assert.Null(policy.RefusalOfTool("bash"));
    }

    [Theory]
    [InlineData("LINUX", "/etc/plue/policy.json5")]
    [InlineData("OSX", "/Library/Application Support/Plue/policy.json5")]
    [InlineData("WINDOWS", @"C:\ProgramData\Plue\policy.json5")]
    public void Each_system_has_its_own_path_below_a_folder_of_administrators(string system, string path) =>
        Assert.Equal(path, PluePaths.PolicyOf(OSPlatform.Create(system), @"C:\ProgramData"));

    [Fact]
    public void A_rule_refuses_by_the_name_of_the_file()
    {
        var policy = Of("{ allowed_providers: ['anthropic'], allowed_models: ['claude-*'], denied_tools: ['bash', 'github/*'] }");
        Assert.Null(policy.RefusalOfProvider("anthropic", null));
        Assert.Equal(
            $"Your organization's policy ({PolicyFile}) does not allow providers of the kind ollama.",
            policy.RefusalOfProvider("ollama", null)
        );
        Assert.Null(policy.RefusalOfModel("claude-sonnet-4-6"));
        Assert.NotNull(policy.RefusalOfModel("gpt-5"));
        Assert.NotNull(policy.RefusalOfTool("Bash"));
        Assert.NotNull(policy.RefusalOfTool("github/create_issue"));
        Assert.Null(policy.RefusalOfTool("read"));
    }

    [Theory]
    [InlineData("{ allowed_provider: ['anthropic'] }", "`allowed_provider` is not a key of a policy. Did you mean `allowed_providers`?")]
    [InlineData("{ allowed_providers: 'anthropic' }", "`allowed_providers` must be a list")]
    [InlineData("{ allowed_providers: [1] }", "`allowed_providers` has an invalid entry.")]
    [InlineData("{ allowed_endpoints: ['https://api.example.com/v1'] }", "`allowed_endpoints` has an invalid entry.")]
    [InlineData("{ allowed_hosts: ['https://example.com'] }", "`allowed_hosts` has an invalid entry.")]
    [InlineData("{ allowed_permission_modes: ['always'] }", "`allowed_permission_modes` has an invalid entry.")]
    [InlineData("{ allowed_mcp_servers: [{ command: 'npx' }] }", "An entry of `allowed_mcp_servers` has either")]
    [InlineData("{ allowed_mcp_servers: [{}] }", "An entry of `allowed_mcp_servers` has either")]
    [InlineData("{ max_usd_per_day: -1 }", "`max_usd_per_day` must be a number")]
    [InlineData("{ max_chat_days: 0 }", "`max_chat_days` must be a number from 1 to 36500.")]
    [InlineData("{ max_chat_days: -1 }", "`max_chat_days` must be a number from 1 to 36500.")]
    [InlineData("{ max_chat_days: '90' }", "`max_chat_days` must be a number from 1 to 36500.")]
    [InlineData("{ max_chat_days: null }", "`max_chat_days` must be a number from 1 to 36500.")]
    [InlineData("{ max_chat_days: 1e9 }", "`max_chat_days` must be a number from 1 to 36500.")]
    [InlineData("{ commands_network: 'no' }", "`commands_network` must be true or false.")]
    [InlineData("{ denied_tools: [], denied_tools: [] }", "`denied_tools` is there twice.")]
    [InlineData("{ denied_tools: [ }", "Line 1")]
    [InlineData("[]", "The file must contain an object.")]
    public void An_invalid_policy_refuses_everything_with_one_sentence(string text, string says)
    {
        var policy = Of(text);
        Assert.Contains(says, policy.ProblemSentence, StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Repeat(policy.ProblemSentence, 6),
            [
                policy.RefusalOfProvider("anthropic", null),
                policy.RefusalOfModel("model"),
                policy.RefusalOfEndpoint(new Uri("https://api.anthropic.com")),
                policy.RefusalOfHost(new Uri("https://example.com")),
                policy.RefusalOfServer("own", new Uri("https://example.com"), [], () => null),
                policy.RefusalOfTool("read"),
            ]
        );
        Assert.Equal("read", policy.NarrowMode("edit"));
    }

    [Fact]
    public void A_second_policy_that_does_not_exist_refuses_everything() =>
        Assert.NotNull(ManagedPolicy.Read(new PluePaths(folder) { AddedPolicy = Path.Combine(folder, "gone") }).ProblemSentence);

    [Fact]
    public void A_system_policy_that_others_can_change_rejects_everything_despite_a_second_policy()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows protects the folder of the policy.");
        var system = Path.Combine(folder, "system.json5");
        File.WriteAllText(system, "{}");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(system, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        }
        File.WriteAllText(PolicyFile, "{ allowed_providers: ['anthropic'] }");
        var policy = ManagedPolicy.Read(new PluePaths(folder) { Policy = system, AddedPolicy = PolicyFile });
        Assert.StartsWith($"Your organization's policy ({system}) cannot be used", policy.ProblemSentence, StringComparison.Ordinal);
        Assert.NotNull(policy.RefusalOfProvider("anthropic", null));
    }

    [Theory]
    [InlineData(0u, 0x81A4u, null)]
    [InlineData(1000u, 0x81A4u, "/p is not owned by root.")]
    [InlineData(0u, 0x81B4u, "/p can be changed by users other than root.")]
    [InlineData(0u, 0x81A6u, "/p can be changed by users other than root.")]
    public void Only_a_file_that_root_alone_can_change_is_trusted(uint owner, uint mode, string? problem) =>
        Assert.Equal(problem, PolicyTrust.ProblemOf("/p", (owner, mode)));

    [Fact]
    public void A_file_of_the_system_in_folders_of_the_system_is_trusted()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows protects the folder of the policy.");
        var path = RealPath.Of("/etc/passwd");
        using var handle = RegularFile.OpenHandle(path);
        Assert.Null(PolicyTrust.ProblemOf(handle, path));
    }

    [Theory]
    [InlineData("https://api.example.com", true)]
    [InlineData("https://api.example.com:443/v1", true)]
    [InlineData("https://eu.models.example.com", true)]
    [InlineData("https://models.example.com", false)]
    [InlineData("https://evilmodels.example.com", false)]
    [InlineData("http://localhost:11434", true)]
    [InlineData("http://localhost:11435", false)]
    [InlineData("http://[::1]:8080", true)]
    [InlineData("https://api.example.com.evil.org", false)]
    public void A_host_is_allowed_by_its_name_its_domain_or_its_port(string address, bool isAllowed)
    {
        var policy = Of("{ allowed_hosts: ['API.example.com', '*.models.example.com', 'localhost:11434', '[::1]'] }");
        Assert.Equal(isAllowed, policy.RefusalOfHost(new Uri(address)) is null);
    }

    [Theory]
    [InlineData("https://api.example.com/v1/chat", true)]
    [InlineData("http://api.example.com/v1", false)]
    [InlineData("https://api.example.com:8443/v1", false)]
    public void An_endpoint_is_allowed_by_its_origin(string address, bool isAllowed) =>
        Assert.Equal(isAllowed, Of("{ allowed_endpoints: ['https://api.example.com'] }").RefusalOfEndpoint(new Uri(address)) is null);

    [Theory]
    [InlineData("edit", "['ask', 'plan']", "ask")]
    [InlineData("edit", "['plan']", "plan")]
    [InlineData("ask", "['edit']", "read")]
    [InlineData("plan", "['edit', 'ask', 'plan']", "plan")]
    [InlineData("read", "[]", "read")]
    public void A_mode_that_is_not_allowed_becomes_the_next_stricter_one(string mode, string allowed, string expected) =>
        Assert.Equal(expected, Of($"{{ allowed_permission_modes: {allowed} }}").NarrowMode(mode));

    [Fact]
    public void A_server_is_allowed_by_its_address_or_by_its_command_line_and_the_hash_of_its_program()
    {
        var hash = new string('a', 64);
        var policy = Of(
            $"{{ allowed_mcp_servers: [{{ url: 'https://mcp.example.com/*' }}, {{ command: ['npx', 'server@1.2.3'] }}, {{ sha256: '{hash}' }}] }}"
        );
        bool IsAllowed(Uri? address, string[] command, string? found) =>
            policy.RefusalOfServer("own", address, command, () => found) is null;
        Assert.True(IsAllowed(new Uri("https://mcp.example.com/api"), [], null));
        Assert.False(IsAllowed(new Uri("https://mcp.example.com.evil.org/"), [], null));
        Assert.True(IsAllowed(null, ["npx", "server@1.2.3"], null));
        Assert.False(IsAllowed(null, ["npx", "server@1.2.4"], null));
        Assert.True(IsAllowed(null, ["anything"], hash));
        Assert.False(IsAllowed(null, ["anything"], null));
    }

    [Fact]
    public void Old_chats_are_deleted_after_the_fewest_days_and_the_trash_gets_a_limit()
    {
        var policy = Of("{ max_chat_days: 90 }");
        Assert.Equal((90, PolicyFile), policy.Retention);
        Assert.Equal(30, policy.LimitOf("trash_days")?.Limit.Max);
        Assert.Equal(
            [
                $"Your organization's policy ({PolicyFile}) restricts the age of chats and tasks, trash_days.",
                $"Your organization's policy ({PolicyFile}) deletes chats and tasks 90 days after their last message.",
            ],
            policy.Sentences
        );
        Assert.Equal(60, Of("{ max_chat_days: 90, max_trash_days: 60 }").LimitOf("trash_days")?.Limit.Max);
        Assert.Null(Of("{ max_trash_days: 7 }").Retention);
        Assert.Null(Of("{ max_chat_days: 90, denied_tool: [] }").Retention);
    }

    [Fact]
    public void A_changed_file_applies_to_the_next_decision()
    {
        Assert.Null(Of("{ denied_tools: ['write'] }").RefusalOfTool("bash"));
        Assert.NotNull(Of("{ denied_tools: ['write', 'bash'] }").RefusalOfTool("bash"));
    }

    private string PolicyFile => Path.Combine(folder, "policy.json5");

    private ManagedPolicy Of(string text)
    {
        File.WriteAllText(PolicyFile, text);
        return ManagedPolicy.Read(new PluePaths(folder) { AddedPolicy = PolicyFile });
    }
}

using System.CommandLine;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Cli;

/// <summary>The file of <c>--policy</c>: rules that decide what nobody can be asked about.</summary>
internal static class PolicyFile
{
    private const int MaxLength = 1024 * 1024;

    /// <summary>Creates the option. An unusable file is bad usage.</summary>
    public static Option<string?> Option()
    {
        var option = new Option<string?>("--policy")
        {
            Description = "A JSON5 file {allow: [], deny: []} of rules such as bash(npm test*); everything else is denied",
            HelpName = "FILE",
        };
        option.Validators.Add(result =>
        {
            try
            {
                Read(result.GetValueOrDefault<string?>());
            }
            catch (FailureException fault)
            {
                result.AddError(fault.Message);
            }
        });
        return option;
    }

    /// <exception cref="FailureException">BadRequest: the file cannot be read, or a rule is invalid.</exception>
    public static AgentPermissions Read(string? file)
    {
        if (file is null)
        {
            return new AgentPermissions([], [], []);
        }

        string text;
        try
        {
            text = System.Text.Encoding.UTF8.GetString(
                RegularFile.Read(file, MaxLength)
                    ?? throw new FailureException(FailureKind.BadRequest, $"{file} is too large for a policy file.")
            );
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(FailureKind.BadRequest, $"{file} could not be read ({fault.Message.TrimEnd('.')}).", fault);
        }

        if (Json5Reader.Read(text) is not { IsValid: true, Root: Json5Object rules })
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{file} is not a JSON5 object. Write it as {{ allow: [\"bash(npm test*)\"], deny: [] }}."
            );
        }
        if (rules.Members.FirstOrDefault(member => member.Name is not ("allow" or "deny") || member.Value is not Json5Array) is { } odd)
        {
            throw new FailureException(FailureKind.BadRequest, $"{file}: `{odd.Name}` must be `allow` or `deny`.");
        }

        foreach (var rule in rules.GetStrings("allow").Concat(rules.GetStrings("deny")))
        {
            if (PermissionRule.TryParse(rule, out var error) is null)
            {
                throw new FailureException(FailureKind.BadRequest, $"{file}: {error?.Message}");
            }
        }

        return new AgentPermissions(rules.GetStrings("allow"), [], rules.GetStrings("deny"));
    }
}

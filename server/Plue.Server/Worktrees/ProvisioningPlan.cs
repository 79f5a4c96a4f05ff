using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Plue.Server.Worktrees;

/// <param name="Folder">An ignored folder such as <c>node_modules</c>, relative to the checkout.</param>
/// <param name="Lock">The file that says what is in it, such as <c>package-lock.json</c>.</param>
internal sealed record ProvisioningLink(string Folder, string Lock);

/// <summary>What a new worktree gets in addition to the files of its commit. All paths are relative to the checkout, with <c>/</c>.</summary>
/// <param name="Copies">Ignored files.</param>
/// <param name="Commands">Run in this order.</param>
/// <param name="Timeout">The time limit of each command.</param>
/// <param name="Source">The file that defines it; null if it was detected.</param>
internal sealed record ProvisioningPlan(
    IReadOnlyList<ProvisioningLink> Links,
    IReadOnlyList<string> Copies,
    IReadOnlyList<string> Commands,
    TimeSpan Timeout,
    string? Source
)
{
    public static readonly ProvisioningPlan Empty = new([], [], [], TimeSpan.Zero, null);

    public bool IsEmpty => Links.Count + Copies.Count + Commands.Count == 0;

    /// <summary>Gets everything that is done, one line each, for the approval.</summary>
    public string Description =>
        string.Join(
            '\n',
            [
                .. Links.Select(link => $"link {link.Folder} if {link.Lock} is equal"),
                .. Copies.Select(file => $"copy {file}"),
                .. Commands.Select(command =>
                    string.Create(CultureInfo.InvariantCulture, $"run (at most {Timeout.TotalSeconds:0} s) {command}")
                ),
            ]
        );

    /// <summary>Gets the hash that is approved. A different step, time limit or source results in a different hash.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Source}\n{Description}")));

    /// <summary>Gets all steps as not done.</summary>
    public IReadOnlyList<ProvisioningStep> Steps =>
        [
            .. Links.Select(link => new ProvisioningStep(ProvisioningKind.Link, link.Folder)),
            .. Copies.Select(file => new ProvisioningStep(ProvisioningKind.Copy, file)),
            .. Commands.Select(command => new ProvisioningStep(ProvisioningKind.Run, command)),
        ];
}

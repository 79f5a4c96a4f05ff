using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections.OAuth;

namespace Plue.Server.Notifications;

/// <summary>The settings of the webhook.</summary>
/// <param name="Webhook">Null if there is none.</param>
/// <param name="Key">The reference of the secret that is sent as a bearer token; null for none.</param>
/// <param name="HasContent">True to send the title of the task and the reason.</param>
/// <param name="QuietHours">Null for none.</param>
internal sealed record NotificationSettings(string? Webhook, string? Key, bool HasContent, QuietHours? QuietHours)
{
    public const string WebhookKey = "notify_webhook";
    public const string SecretKey = "notify_webhook_key";
    public const string ContentKey = "notify_webhook_content";

    public static NotificationSettings Of(UserConfig config) =>
        new(
            TextOf(config, WebhookKey),
            TextOf(config, SecretKey),
            config.Flag(ContentKey) == true,
            TextOf(config, UserConfig.QuietHoursKey) is { } hours ? QuietHours.Parse(hours) : null
        );

    /// <summary>Gets the address of the webhook; null if there is none.</summary>
    /// <exception cref="FailureException">MissingField: it is not safe.</exception>
    public Uri? Address =>
        Webhook is null ? null
        : Uri.TryCreate(Webhook, UriKind.Absolute, out var address) && OAuthSettings.IsSafe(address) ? address
        : throw new FailureException(
            FailureKind.MissingField,
            $"The setting {WebhookKey} must be an https address without a password. Only this machine can have http."
        );

    private static string? TextOf(UserConfig config, string key) => config.Text(key) is { Length: > 0 } text ? text : null;
}

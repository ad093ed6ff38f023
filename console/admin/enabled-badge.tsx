import { Badge } from '../parts/badge.tsx';

/** Whether a user or an access key can be used. */
export function EnabledBadge({ isEnabled, children }: { isEnabled: boolean; children: string }) {
  return (
    <Badge tone={isEnabled ? 'good' : 'caution'} icon={isEnabled ? 'check' : 'stop'}>
      {children}
    </Badge>
  );
}
